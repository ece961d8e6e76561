import HTTP

extension S3 {
    /// One PUT takes at most 5 GB.
    static let maximumPutBytes = 5 << 30

    /// Stores an object. The signature covers a SHA-256 of the bytes, which S3 checks like the checksum.
    @discardableResult
    public func put(
        _ bytes: [UInt8], bucket: String, key: String, options: PutOptions = .init()
    ) async throws(AWSError) -> ObjectInfo {
        var call = try call("PutObject", .put, bucket: bucket, key: key)
        try Self.check(putLength: bytes.count, call.operation)
        call.headers = try options.headers(call.operation)
        addChecksum(of: bytes, options.checksum, to: &call)
        call.body = .bytes(bytes)
        call.streams = bytes.count > Call.largeBody
        return try await client.send(call) { ObjectInfo(stored: $0.headers) }
    }

    /// A body of known length that comes in pieces: one PUT, sent in chunks with the checksum behind them, never held
    /// whole. Not retried once begun; `upload` retries.
    @discardableResult
    public func put(
        length: Int, bucket: String, key: String, options: PutOptions = .init(),
        next: @escaping @Sendable () async throws -> [UInt8]?
    ) async throws(AWSError) -> ObjectInfo {
        var call = try call("PutObject", .put, bucket: bucket, key: key)
        try Self.check(putLength: length, call.operation)
        call.headers = try options.headers(call.operation)
        let trailer = options.checksum ?? defaultChecksum
        if let trailer { call.headers["x-amz-sdk-checksum-algorithm"] = trailer.rawValue }
        if !options.signsStream {
            guard try client.url(for: call).isSecure else {
                throw call.operation.invalid("an unsigned stream goes only over TLS")
            }
            guard trailer != nil else { throw call.operation.invalid("an unsigned stream needs a checksum") }
        }
        call.body = .chunked(
            ChunkedEncoding(isSigned: options.signsStream, trailer: trailer), length: length, next: next)
        call.streams = true
        return try await client.send(call) { ObjectInfo(stored: $0.headers) }
    }

    /// An object, or a range of it, of at most `limit` bytes; over it the call fails with
    /// `HTTPError.Code.responseTooLarge` beneath. A checksum that does not hold is one more failure that is retried.
    public func get(
        bucket: String, key: String, limit: Int = 8 << 20, options: GetOptions = .init()
    ) async throws(AWSError) -> [UInt8] {
        var call = try call("GetObject", .get, bucket: bucket, key: key)
        try options.apply(to: &call, client.configuration.responseChecksums)
        call.responseLimit = limit
        call.streams = limit > Call.largeBody
        let operation = call.operation
        do throws(AWSError) {
            return try await client.send(call) { response throws(AWSError) in
                try Self.check(status: response.status, isRange: options.range != nil, operation)
                if options.range == nil, client.configuration.responseChecksums == .whenSupported {
                    try Self.verify(response.body, ObjectInfo(response.headers).checksums, operation)
                }
                return response.body
            }
        } catch {
            throw Self.named(error)
        }
    }

    /// nil when there is no such object. (A `HEAD` has no body, so a missing bucket looks the same.)
    public func head(
        bucket: String, key: String, options: GetOptions = .init()
    ) async throws(AWSError) -> ObjectInfo? {
        var call = try call("HeadObject", .head, bucket: bucket, key: key)
        try options.apply(to: &call, client.configuration.responseChecksums)
        do throws(AWSError) {
            return try await client.send(call) { ObjectInfo($0.headers) }
        } catch {
            if error.status == 404 { return nil }
            throw Self.named(error)
        }
    }

    /// That there was none is no error.
    public func delete(bucket: String, key: String, versionID: String? = nil) async throws(AWSError) {
        var call = try call("DeleteObject", .delete, bucket: bucket, key: key)
        if let versionID { call.query = [("versionId", versionID)] }
        try await client.send(call) { _ in }
    }

    /// A condition that did not hold is answered without a body, and to a `HEAD` any error is.
    static func named(_ error: AWSError) -> AWSError {
        guard error.code == .unknown else { return error }
        var error = error
        switch error.status {
        case 304: (error.code, error.message) = (.notModified, "the object is still the one known")
        case 412: (error.code, error.message) = (.preconditionFailed, "the object is not the one known")
        default: break
        }
        return error
    }

    /// 206 for a range and 200 for the whole: a server that ignores ranges must not pass for one that knows them.
    static func check(status: Int, isRange: Bool, _ operation: Operation) throws(AWSError) {
        guard (status == 206) == isRange else {
            throw operation.malformed(
                isRange ? "the answer is not the range asked for" : "the answer is a range nobody asked for")
        }
    }

    static func check(putLength length: Int, _ operation: Operation) throws(AWSError) {
        guard (0...maximumPutBytes).contains(length) else {
            throw operation.invalid(
                "an object of \(length) bytes; one PUT takes at most 5 GB (5,368,709,120)")
        }
    }
}
