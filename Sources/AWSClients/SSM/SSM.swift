import JSON

/// Systems Manager's parameters (awsJson1_1, version 2014-11-06).
public struct SSM: Sendable {
    let client: AWSClient
    private let cache: ValueCache<String>

    /// Calls through a client. A value is kept for `lifetime`: copies of this value share what is kept.
    public init(_ client: AWSClient, lifetime: Duration = .seconds(60)) {
        self.client = client
        cache = ValueCache(client, lifetime: lifetime)
    }

    /// A parameter's value, decrypted when it is a `SecureString`; a list is one text with commas. `name` may be an
    /// ARN, and may end in `:version` or `:label`. While the service cannot be reached an old one goes on being given;
    /// a parameter that is gone or forbidden is an error.
    public func parameter(_ name: String) async throws(AWSError) -> String {
        let operation = Operation(.ssm, "GetParameter")
        guard (1...2048).contains(name.utf8.count) else {
            throw operation.invalid("a parameter's name of \(name.utf8.count) bytes; 1 to 2,048 are allowed")
        }
        return try await cache.value(of: name) { [client] () throws(AWSError) in
            let input: JSON = ["Name": .string(name), "WithDecryption": true]
            return try await client.json(operation, target: "AmazonSSM", input) { output throws(AWSError) in
                guard let value = output["Parameter"]?["Value"]?.string else {
                    throw operation.malformed("the answer has no Parameter.Value")
                }
                return value
            }
        }
    }
}
