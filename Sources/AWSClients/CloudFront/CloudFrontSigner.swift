public import Crypto
public import HTTP
public import Time

/// Signed addresses of a CloudFront distribution with restricted access, by a canned policy: one address, until one
/// moment (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html).
public struct CloudFrontSigner: Sendable {
    private let keyPairID: String
    private let key: RSAPrivateKey

    /// `keyPairID` is the public key's id in CloudFront (`K2JCJMDEHXQW5F`); the key, in PEM, comes from a secret.
    public init(keyPairID: String, privateKey: Secret) throws(AWSError) {
        guard !keyPairID.isEmpty,
            keyPairID.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF)
            })
        else {
            throw AWSError(
                .invalidInput, "the key pair id is not letters and digits", service: "CloudFront",
                operation: "Sign")
        }
        self.keyPairID = keyPairID
        do throws(RSAPrivateKey.Invalid) {
            key = try RSAPrivateKey(pem: privateKey)
        } catch {
            throw AWSError(.invalidInput, error.description, service: "CloudFront", operation: "Sign")
        }
    }

    /// The address with `Expires`, `Signature` and `Key-Pair-Id` behind its own query. It expires in whole seconds,
    /// and no session token shortens its life. Throws `invalidInput` for an address that is none of a distribution.
    public func sign(_ url: URL, until end: Timestamp) throws(AWSError) -> String {
        let resource = url.description
        // The policy is made by hand, so nothing in the address may end its text.
        guard ["http", "https"].contains(url.scheme), end.seconds > 0,
            resource.utf8.allSatisfy({
                (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            })
        else {
            throw AWSError(
                .invalidInput, "the address cannot be signed", service: "CloudFront", operation: "Sign")
        }
        // CloudFront makes the same text anew from the address: not a space more.
        let policy =
            "{\"Statement\":[{\"Resource\":\"\(resource)\",\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":\(end.seconds)}}}]}"
        let signature = Self.encode(key.sign(Array(policy.utf8), .sha1))
        let separator = url.query == nil ? "?" : "&"
        return "\(resource)\(separator)Expires=\(end.seconds)&Signature=\(signature)&Key-Pair-Id=\(keyPairID)"
    }

    /// Base64 with what an address cannot hold replaced, by CloudFront's own alphabet.
    private static func encode(_ bytes: [UInt8]) -> String {
        String(
            decoding: Base64.encode(bytes).utf8.map { byte in
                switch byte {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "="): UInt8(ascii: "_")
                case UInt8(ascii: "/"): UInt8(ascii: "~")
                default: byte
                }
            }, as: UTF8.self)
    }
}
