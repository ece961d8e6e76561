import Crypto
import HTTP
import JSON
import Time

/// Verifies that a message which an HTTP subscription received comes from SNS, unchanged
/// (https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).
///
/// A certificate is fetched over TLS from SNS's own host and from nowhere else: that host is what is trusted, and its
/// certificate's dates. `docs/decisions/sns-certificate.md` says why no chain is built.
public struct SNSMessageVerifier: Sendable {
    /// How long a fetched certificate is used without asking again.
    static let lifetime = Duration.seconds(24 * 3600)

    private let client: AWSClient
    private let certificates: ValueCache<RSACertificate>
    private let fetch: @Sendable (URL) async throws(AWSError) -> [UInt8]

    /// Certificates are fetched through the client, unsigned. Copies of this value share what is kept.
    public init(_ client: AWSClient) {
        self.init(client) { url throws(AWSError) in try await Self.fetch(url, client.http) }
    }

    init(_ client: AWSClient, fetch: @escaping @Sendable (URL) async throws(AWSError) -> [UInt8]) {
        self.client = client
        self.fetch = fetch
        certificates = ValueCache(client, lifetime: Self.lifetime)
    }

    /// Reads a request's body, which must be a message of this topic: anyone can have SNS sign messages of theirs.
    /// An old message is verified like a new one; who must not do a thing twice remembers the ids.
    /// - Throws: `invalidSignature` that says what is wrong; other codes when the certificate could not be had.
    public func verify(
        _ body: [UInt8], from topicARN: String
    ) async throws(AWSError) -> SNS.ReceivedMessage {
        guard let json = try? JSON(parsing: body, maximumDepth: 16), let message = SNS.ReceivedMessage(json)
        else { throw Self.refuse("it is no SNS message") }
        guard message.topicARN == topicARN else {
            throw Self.refuse("it is of the topic \(message.topicARN.prefix(256))")
        }
        let digest: RSACertificate.Digest
        switch json["SignatureVersion"]?.string {
        case "1": digest = .sha1
        case "2": digest = .sha256
        default: throw Self.refuse("its SignatureVersion is neither 1 nor 2")
        }
        guard let signature = json["Signature"]?.string.flatMap({ Base64.decode($0) }) else {
            throw Self.refuse("it has no signature in base64")
        }
        guard let text = json["SigningCertURL"]?.string, let url = URL(text), Self.isTrusted(url) else {
            throw Self.refuse("its certificate is not at https://sns.<region>.amazonaws.com")
        }
        let certificate = try await certificates.value(of: url.description) { [fetch] () throws(AWSError) in
            guard let certificate = RSACertificate(pem: try await fetch(url)) else {
                throw Self.refuse("what is at its certificate's address is no certificate with an RSA key")
            }
            return certificate
        }
        guard certificate.isValid(at: client.now.seconds) else {
            throw Self.refuse("its certificate is not valid now")
        }
        guard certificate.verifies(signature, of: message.signedText, digest) else {
            throw Self.refuse("its signature is not the certificate's")
        }
        return message
    }

    /// `https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-….pem`, in China with `.cn` after it.
    static func isTrusted(_ url: URL) -> Bool {
        let labels = url.host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 4, labels[0] == "sns", Endpoint.isRegion(String(labels[1])) else {
            return false
        }
        let domain = labels[1].hasPrefix("cn-") ? ["amazonaws", "com", "cn"] : ["amazonaws", "com"]
        return url.scheme == "https" && url.effectivePort == 443 && url.query == nil
            && labels.dropFirst(2).elementsEqual(domain) { $0 == $1 } && url.path.hasSuffix(".pem")
    }

    static func fetch(_ url: URL, _ http: HTTPClient) async throws(AWSError) -> [UInt8] {
        var request = HTTPClient.Request(.get, url)
        request.responseLimit = 64 << 10
        request.timeouts.total = .seconds(10)
        let response: HTTPClient.Response
        do throws(HTTPError) {
            response = try await http.send(request)
        } catch {
            throw operation.error(.transport, error.description, underlying: error)
        }
        guard response.status == 200 else {
            var error = operation.error(.unknown, "the certificate's address answered otherwise than with it")
            error.status = response.status
            throw error
        }
        return response.body
    }

    private static var operation: Operation { Operation(.sns, "verification of a message") }

    private static func refuse(_ reason: String) -> AWSError { operation.error(.invalidSignature, reason) }
}

extension AWSError.Code {
    /// Ours: a message is not what SNS signed; do not believe a word of it.
    public static let invalidSignature = AWSError.Code(rawValue: "comfy.InvalidSignature")
}
