public import Crypto
import JSON

/// Secrets Manager (awsJson1_1, version 2017-10-17).
public struct SecretsManager: Sendable {
    let client: AWSClient
    private let cache: ValueCache<Secret>

    /// Calls through a client. A value is kept for `lifetime`: copies of this value share what is kept.
    public init(_ client: AWSClient, lifetime: Duration = .seconds(60)) {
        self.client = client
        cache = ValueCache(client, lifetime: lifetime)
    }

    /// The current value of a secret, by its name or ARN: the UTF-8 of a text, or the bytes of a binary one. While the
    /// service cannot be reached an old one goes on being given; a secret that is gone or forbidden is an error.
    public func value(of id: String) async throws(AWSError) -> Secret {
        let operation = Operation(.secretsManager, "GetSecretValue")
        guard (1...2048).contains(id.utf8.count) else {
            throw operation.invalid("a secret's id of \(id.utf8.count) bytes; 1 to 2,048 are allowed")
        }
        return try await cache.value(of: id) { [client] () throws(AWSError) in
            try await client.json(operation, target: "secretsmanager", ["SecretId": .string(id)]) {
                output throws(AWSError) in
                if let text = output["SecretString"]?.string { return Secret(text) }
                guard let bytes = output["SecretBinary"]?.string.flatMap({ Base64.decode($0) }) else {
                    throw operation.malformed("the answer has neither SecretString nor SecretBinary")
                }
                return Secret(bytes)
            }
        }
    }
}
