import HTTP

extension S3 {
    /// One PUT takes at most 5 GB.
    static let maximumPutBytes = 5 << 30

    /// Stores an object. The signature covers a SHA-256 of the bytes, which S3 checks.
    @discardableResult
    public func put(
        _ bytes: [UInt8], bucket: String, key: String, options: PutOptions = .init()
    ) async throws(AWSError) -> ObjectInfo {
        var call = try call("PutObject", .put, bucket: bucket, key: key)
        call.headers = try options.headers(call.operation)
        call.body = .bytes(bytes)
        call.streams = bytes.count > Call.largeBody
        return try await client.send(call) { Self.info($0.headers) }
    }

    /// A body of known length that comes in pieces: one PUT, signed in chunks (`STREAMING-AWS4-HMAC-SHA256-PAYLOAD`),
    /// never held whole. Not retried once begun.
    @discardableResult
    public func put(
        length: Int, bucket: String, key: String, options: PutOptions = .init(),
        next: @escaping @Sendable () async throws -> [UInt8]?
    ) async throws(AWSError) -> ObjectInfo {
        var call = try call("PutObject", .put, bucket: bucket, key: key)
        guard (0...Self.maximumPutBytes).contains(length) else {
            throw call.operation.invalid(
                "an object of \(length) bytes; one PUT takes at most 5 GB (5,368,709,120)")
        }
        call.headers = try options.headers(call.operation)
        call.body = .chunked(ChunkedEncoding(), length: length, next: next)
        call.streams = true
        return try await client.send(call) { Self.info($0.headers) }
    }

    /// A whole object of at most `limit` bytes; over it the call fails with `HTTPError.Code.responseTooLarge` beneath.
    public func get(
        bucket: String, key: String, limit: Int = 8 << 20
    ) async throws(AWSError) -> [UInt8] {
        var call = try call("GetObject", .get, bucket: bucket, key: key)
        call.responseLimit = limit
        call.streams = limit > Call.largeBody
        return try await client.send(call) { $0.body }
    }

    /// An object in pieces. Retried until the first byte; what fails later is the reader's to resume.
    public func stream(bucket: String, key: String) async throws(AWSError) -> Body {
        var call = try call("GetObject", .get, bucket: bucket, key: key)
        call.responseLimit = .max
        call.streams = true
        let response = try await client.stream(call)
        return Body(info: Self.info(response.head.headers), stream: response)
    }

    /// nil when there is no such object. (A `HEAD` has no body, so a missing bucket looks the same.)
    public func head(bucket: String, key: String) async throws(AWSError) -> ObjectInfo? {
        let call = try call("HeadObject", .head, bucket: bucket, key: key)
        do throws(AWSError) {
            return try await client.send(call) { Self.info($0.headers) }
        } catch {
            if error.status == 404 { return nil }
            throw error
        }
    }

    /// That there was none is no error.
    public func delete(bucket: String, key: String) async throws(AWSError) {
        let call = try call("DeleteObject", .delete, bucket: bucket, key: key)
        try await client.send(call) { _ in }
    }

    static func info(_ headers: HTTPHeaders) -> ObjectInfo {
        let prefix = "x-amz-meta-"
        var metadata: [String: String] = [:]
        for (name, value) in headers where name.lowercased().hasPrefix(prefix) {
            metadata[String(name.lowercased().dropFirst(prefix.count))] = value
        }
        return ObjectInfo(
            etag: headers["etag"], size: headers["content-length"].flatMap { Int($0) },
            contentType: headers["content-type"], metadata: metadata)
    }
}

extension S3.PutOptions {
    /// Refuses what could not stand in a header.
    func headers(_ operation: Operation) throws(AWSError) -> HTTPHeaders {
        var headers: HTTPHeaders = [:]
        headers["content-type"] = contentType
        headers["content-disposition"] = contentDisposition
        headers["cache-control"] = cacheControl
        if onlyIfAbsent { headers["if-none-match"] = "*" }
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte) else {
                throw operation.invalid(
                    "the metadata name \"\(name.prefix(80))\" is not letters, digits, - and _")
            }
            headers["x-amz-meta-\(name)"] = value
        }
        for (name, value) in headers where !value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            throw operation.invalid("the value of \(name) is not printable ASCII")
        }
        return headers
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }
}
