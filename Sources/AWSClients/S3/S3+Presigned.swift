public import HTTP
public import Time

extension S3 {
    /// An address that carries its own permission: whoever has it may use it, so it is a secret.
    public struct Presigned: Sendable {
        /// The whole address, signature included.
        public var url: String
        /// When it stops to hold: as asked, or earlier when the credentials that signed it expire before.
        public var expires: Timestamp
        /// What the bearer must send exactly so.
        public var headers: HTTPHeaders
    }

    /// SigV4's longest life of an address: seven days.
    static let maximumPresignedSeconds: Int64 = 604_800

    /// Permission to read an object. `responseHeaders`: `response-content-disposition` and its like.
    public func presignGet(
        bucket: String, key: String, expiresIn: Duration, responseHeaders: [String: String] = [:]
    ) async throws(AWSError) -> Presigned {
        var call = try call("GetObject", .get, bucket: bucket, key: key)
        call.query = responseHeaders.map { ($0.key, $0.value) }
        return try await presign(call, expiresIn)
    }

    /// Permission to store an object, of this type and length only when they are given.
    public func presignPut(
        bucket: String, key: String, expiresIn: Duration, contentType: String?, contentLength: Int?,
        onlyIfAbsent: Bool = false
    ) async throws(AWSError) -> Presigned {
        var call = try call("PutObject", .put, bucket: bucket, key: key)
        var options = PutOptions(contentType: contentType)
        options.onlyIfAbsent = onlyIfAbsent
        call.headers = try options.headers(call.operation)
        if let contentLength {
            try Self.check(putLength: contentLength, call.operation)
            call.headers["content-length"] = "\(contentLength)"
        }
        return try await presign(call, expiresIn)
    }

    /// Whole seconds, within SigV4's limit.
    static func seconds(_ expiresIn: Duration, _ operation: Operation) throws(AWSError) -> Int64 {
        let asked = expiresIn.components.seconds
        guard (1...maximumPresignedSeconds).contains(asked) else {
            throw operation.invalid("an address for \(asked) s; 1 to 604,800 s (seven days) are allowed")
        }
        return asked
    }

    private func presign(_ call: Call, _ expiresIn: Duration) async throws(AWSError) -> Presigned {
        let asked = try Self.seconds(expiresIn, call.operation)
        let signer = try await client.signer(for: call.operation)
        let time = client.now
        var url = try client.url(for: call)
        signer.presign(
            method: call.method, url: &url, headers: call.headers, payloadHash: SigV4.unsignedPayload,
            seconds: asked, at: time)
        let end = time + .seconds(asked)
        return Presigned(
            url: url.description, expires: min(end, signer.credentials.expiration ?? end),
            headers: call.headers)
    }
}
