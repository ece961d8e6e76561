import JSON
import Time

/// The JSON in which container agents, instances and programs give credentials.
enum CredentialDocument {
    /// `tokenName` is what the source calls the session token; `source` begins each error. Throws `noCredentials`, with
    /// nothing of the document in it.
    static func read(
        _ body: [UInt8], tokenName: String, from source: String
    ) throws(AWSError) -> Credentials {
        let json = try? JSON(parsing: body, maximumDepth: 8)
        guard let id = json?["AccessKeyId"]?.string, let secret = json?["SecretAccessKey"]?.string,
            !id.isEmpty, !secret.isEmpty
        else { throw .noCredentials("\(source) answered without AccessKeyId and SecretAccessKey") }
        var expiration: Timestamp?
        if let text = json?["Expiration"]?.string {
            guard let time = Timestamp(rfc3339: text) else {
                throw .noCredentials("\(source) answered with an Expiration that is no time")
            }
            expiration = time
        }
        return Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: json?[tokenName]?.string,
            expiration: expiration)
    }
}

extension AWSError {
    /// A source that is configured and cannot deliver.
    static func noCredentials(_ message: String, underlying: (any Error)? = nil) -> AWSError {
        AWSError(code: .noCredentials, message: message, underlying: underlying)
    }
}
