import Crypto
import HTTP
import Time

/// AWS Signature Version 4: the header form and the query (presigned) form
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
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
        var signedHeaders: String
        /// Lower-case hexadecimal.
        var value: String
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

    /// `20130524/us-east-1/s3/aws4_request`
    func scope(at time: Timestamp) -> String { "\(time.basicDate)/\(region)/\(service)/aws4_request" }

    func key(at time: Timestamp) -> [UInt8] {
        keys.key(
            secret: credentials.secretAccessKey, date: time.basicDate, region: region, service: service)
    }

    /// Adds `x-amz-date`, the session token, `x-amz-content-sha256` when asked, and `authorization`. Whatever other
    /// header the request is to carry signed must be there already.
    @discardableResult
    func sign(
        method: HTTPMethod, url: URL, headers: inout HTTPHeaders, payloadHash: String,
        sendsPayloadHash: Bool, at time: Timestamp
    ) -> Signature {
        headers["x-amz-date"] = time.basicISO8601
        if let token = credentials.sessionToken { headers["x-amz-security-token"] = token }
        if sendsPayloadHash { headers["x-amz-content-sha256"] = payloadHash }
        let signature = signature(
            method: method, url: url, canonicalQuery: CanonicalQuery.canonicalize(url.query ?? ""),
            headers: headers, payloadHash: payloadHash, at: time)
        headers["authorization"] =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(at: time)), "
            + "SignedHeaders=\(signature.signedHeaders), Signature=\(signature.value)"
        return signature
    }

    /// Puts the signature into the address's query. `headers` are those the bearer will have to send as signed.
    @discardableResult
    func presign(
        method: HTTPMethod, url: inout URL, headers: HTTPHeaders, payloadHash: String, seconds: Int64,
        at time: Timestamp
    ) -> Signature {
        let signedHeaders = CanonicalHeaders(withHost(headers, url)).names
        var added = [
            ("X-Amz-Algorithm", Self.algorithm),
            ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(at: time))"),
            ("X-Amz-Date", time.basicISO8601),
            ("X-Amz-Expires", "\(seconds)"),
            ("X-Amz-SignedHeaders", signedHeaders),
        ]
        if let token = credentials.sessionToken { added.append(("X-Amz-Security-Token", token)) }
        let own = url.query.map { $0 + "&" } ?? ""
        let query = CanonicalQuery.canonicalize(own + CanonicalQuery.encode(added))
        let signature = signature(
            method: method, url: url, canonicalQuery: query, headers: headers, payloadHash: payloadHash,
            at: time)
        url.query = "\(query)&X-Amz-Signature=\(signature.value)"
        return signature
    }

    private func signature(
        method: HTTPMethod, url: URL, canonicalQuery: String, headers: HTTPHeaders, payloadHash: String,
        at time: Timestamp
    ) -> Signature {
        let headers = CanonicalHeaders(withHost(headers, url))
        var request: [UInt8] = []
        request.reserveCapacity(512)
        request.append(contentsOf: method.rawValue.utf8)
        request.append(UInt8(ascii: "\n"))
        request.append(contentsOf: canonicalPath(url.path).utf8)
        request.append(UInt8(ascii: "\n"))
        request.append(contentsOf: canonicalQuery.utf8)
        request.append(UInt8(ascii: "\n"))
        request.append(contentsOf: headers.lines)
        request.append(UInt8(ascii: "\n"))
        request.append(contentsOf: headers.names.utf8)
        request.append(UInt8(ascii: "\n"))
        request.append(contentsOf: payloadHash.utf8)
        let stringToSign = Array(
            "\(Self.algorithm)\n\(time.basicISO8601)\n\(scope(at: time))\n\(Hex.encode(SHA256.hash(request)))"
                .utf8)
        return Signature(
            canonicalRequest: request, stringToSign: stringToSign, signedHeaders: headers.names,
            value: Hex.encode(HMAC.sha256(key: key(at: time), stringToSign)))
    }

    private func canonicalPath(_ path: String) -> String {
        switch pathRule {
        case .asSent: path
        case .normalizedAndEncodedTwice:
            URL.percentEncode(CanonicalPath.normalize(path), keepingSlashes: true)
        }
    }

    private func withHost(_ headers: HTTPHeaders, _ url: URL) -> HTTPHeaders {
        if headers["host"] != nil { return headers }
        var headers = headers
        headers["host"] = url.authority
        return headers
    }
}
