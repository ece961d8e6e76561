import Crypto
import HTTP
import Time

/// AWS Signature Version 4: the header form and the query (presigned) form
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
///
/// Every call signs, so it works on bytes: text is made only of what goes into a header.
struct SigV4: Sendable {
    /// What becomes of a path, encoded once as it is sent, in the canonical request.
    enum PathRule: Sendable {
        /// S3: an object key is taken as it stands.
        case asSent
        /// Every other service: dot segments and double slashes removed, then encoded a second time.
        case normalizedAndEncodedTwice
    }

    /// A signature with what it was made from.
    struct Signature: Sendable {
        var canonicalRequest: [UInt8]
        var stringToSign: [UInt8]
        /// `host;x-amz-date`
        var signedHeaders: [UInt8]
        /// Lower-case hexadecimal.
        var digits: [UInt8]

        var value: String { String(decoding: digits, as: UTF8.self) }
    }

    /// SHA-256 of nothing.
    static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    static let unsignedPayload = "UNSIGNED-PAYLOAD"
    static let algorithm = "AWS4-HMAC-SHA256"

    var credentials: Credentials
    var region: String
    var service: String
    var pathRule: PathRule
    var keys: SigningKeyCache

    static func hash(_ body: [UInt8]) -> String {
        body.isEmpty ? emptyHash : Hex.encode(SHA256.hash(body))
    }

    func key(at time: Timestamp) -> SigningKey {
        keys.key(secret: credentials.secretAccessKey, region: region, service: service, at: time)
    }

    /// Adds `x-amz-date`, the session token, `x-amz-content-sha256` when asked, and `authorization`. Whatever other
    /// header the request is to carry signed must be there already.
    @discardableResult
    func sign(
        method: HTTPMethod, url: URL, headers: inout HTTPHeaders, payloadHash: String,
        sendsPayloadHash: Bool, at time: Timestamp
    ) -> Signature {
        let key = key(at: time)
        let date = time.basicISO8601
        headers["x-amz-date"] = date
        if let token = credentials.sessionToken { headers["x-amz-security-token"] = token }
        if sendsPayloadHash { headers["x-amz-content-sha256"] = payloadHash }
        let signature = signature(
            method: method, url: url, CanonicalHeaders(headers, host: url.authority),
            payloadHash: payloadHash, date: date, key: key
        ) { CanonicalQuery.append(url.query ?? "", to: &$0) }
        var authorization: [UInt8] = []
        authorization.reserveCapacity(320)
        authorization.append(contentsOf: "\(Self.algorithm) Credential=".utf8)
        authorization.append(contentsOf: credentials.accessKeyID.utf8)
        authorization.append(UInt8(ascii: "/"))
        authorization.append(contentsOf: key.scope)
        authorization.append(contentsOf: ", SignedHeaders=".utf8)
        authorization.append(contentsOf: signature.signedHeaders)
        authorization.append(contentsOf: ", Signature=".utf8)
        authorization.append(contentsOf: signature.digits)
        headers["authorization"] = String(decoding: authorization, as: UTF8.self)
        return signature
    }

    /// Puts the signature into the address's query. `headers` are those the bearer will have to send as signed.
    @discardableResult
    func presign(
        method: HTTPMethod, url: inout URL, headers: HTTPHeaders, payloadHash: String, seconds: Int64,
        at time: Timestamp
    ) -> Signature {
        let key = key(at: time)
        let date = time.basicISO8601
        let canonicalHeaders = CanonicalHeaders(headers, host: url.authority)
        var items = EncodedItems()
        if let own = url.query { items.add(query: own.utf8.span) }
        items.add("X-Amz-Algorithm", Self.algorithm)
        items.add(
            "X-Amz-Credential", "\(credentials.accessKeyID)/\(String(decoding: key.scope, as: UTF8.self))")
        items.add("X-Amz-Date", date)
        items.add("X-Amz-Expires", "\(seconds)")
        items.add("X-Amz-SignedHeaders", String(decoding: canonicalHeaders.names, as: UTF8.self))
        if let token = credentials.sessionToken { items.add("X-Amz-Security-Token", token) }
        var query: [UInt8] = []
        items.append(to: &query)
        let signature = signature(
            method: method, url: url, canonicalHeaders, payloadHash: payloadHash, date: date, key: key
        ) { $0.append(contentsOf: query) }
        query.append(contentsOf: "&X-Amz-Signature=".utf8)
        query.append(contentsOf: signature.digits)
        url.query = String(decoding: query, as: UTF8.self)
        return signature
    }

    private func signature(
        method: HTTPMethod, url: URL, _ headers: CanonicalHeaders, payloadHash: String, date: String,
        key: SigningKey, appendQuery: (inout [UInt8]) -> Void
    ) -> Signature {
        let newline = UInt8(ascii: "\n")
        var request: [UInt8] = []
        request.reserveCapacity(1024)
        request.append(contentsOf: method.rawValue.utf8)
        request.append(newline)
        switch pathRule {
        case .asSent: request.append(contentsOf: url.path.utf8)
        case .normalizedAndEncodedTwice: CanonicalPath.append(url.path, to: &request)
        }
        request.append(newline)
        appendQuery(&request)
        request.append(newline)
        request.append(contentsOf: headers.lines)
        request.append(newline)
        request.append(contentsOf: headers.names)
        request.append(newline)
        request.append(contentsOf: payloadHash.utf8)

        var text: [UInt8] = []
        text.reserveCapacity(192)
        text.append(contentsOf: "\(Self.algorithm)\n".utf8)
        text.append(contentsOf: date.utf8)
        text.append(newline)
        text.append(contentsOf: key.scope)
        text.append(newline)
        text.append(contentsOf: Hex.digits(SHA256.hash(request).span))
        var digits: [UInt8] = []
        key.sign(text, to: &digits)
        return Signature(
            canonicalRequest: request, stringToSign: text, signedHeaders: headers.names, digits: digits)
    }
}
