import HTTP

extension S3 {
    /// S3's bounds of a part, the last excepted, and of their number.
    static let partSizes = (5 << 20)...(5 << 30)
    static let maximumParts = 10_000

    /// A body of unknown length: one PUT when it ends within `partSize`, else a multipart upload, aborted on failure.
    /// At most two parts are held at once; each is retried by itself.
    @discardableResult
    public func upload(
        bucket: String, key: String, options: PutOptions = .init(), partSize: Int = 8 << 20,
        next: @escaping @Sendable () async throws -> [UInt8]?
    ) async throws(AWSError) -> ObjectInfo {
        let operation = Operation(.s3, "CreateMultipartUpload")
        guard Self.partSizes.contains(partSize) else {
            throw operation.invalid("parts of \(partSize) bytes; 5 MB (5,242,880) to 5 GB are allowed")
        }
        var source = PartSource(partSize: partSize, next: next)
        let first = try await source.part(operation) ?? []
        if first.count < partSize { return try await put(first, bucket: bucket, key: key, options: options) }

        let id = try await createMultipartUpload(bucket: bucket, key: key, options: options)
        do throws(AWSError) {
            var etags: [String] = []
            var part: [UInt8]? = first
            while let bytes = part {
                guard etags.count < Self.maximumParts else {
                    throw operation.invalid("more than 10,000 parts of \(partSize) bytes")
                }
                etags.append(
                    try await uploadPart(bytes, number: etags.count + 1, of: id, bucket: bucket, key: key))
                part = try await source.part(operation)
            }
            return try await completeMultipartUpload(id, etags, bucket: bucket, key: key, options: options)
        } catch {
            // In a task of its own: the upload is aborted even if this one was cancelled.
            let abort = client.http.loop.task { [self] in
                try await abortMultipartUpload(id, bucket: bucket, key: key)
            }
            _ = try? await abort.value
            throw error
        }
    }

    /// Makes what was uploaded of it so far vanish: its parts are billed until then.
    public func abortMultipartUpload(_ id: String, bucket: String, key: String) async throws(AWSError) {
        var call = try call("AbortMultipartUpload", .delete, bucket: bucket, key: key)
        call.query = [("uploadId", id)]
        try await client.send(call) { _ in }
    }

    private func createMultipartUpload(
        bucket: String, key: String, options: PutOptions
    ) async throws(AWSError) -> String {
        var call = try call("CreateMultipartUpload", .post, bucket: bucket, key: key)
        call.query = [("uploads", "")]
        var options = options
        options.onlyIfAbsent = false
        call.headers = try options.headers(call.operation)
        let operation = call.operation
        return try await client.send(call) { response throws(AWSError) in
            guard let id = try Self.document(response, operation)["UploadId"]?.text, !id.isEmpty else {
                throw operation.malformed("the answer has no UploadId")
            }
            return id
        }
    }

    private func uploadPart(
        _ bytes: [UInt8], number: Int, of id: String, bucket: String, key: String
    ) async throws(AWSError) -> String {
        var call = try call("UploadPart", .put, bucket: bucket, key: key)
        call.query = [("partNumber", "\(number)"), ("uploadId", id)]
        call.body = .bytes(bytes)
        call.streams = true
        let operation = call.operation
        return try await client.send(call) { response throws(AWSError) in
            guard let etag = response.headers["etag"] else {
                throw operation.malformed("the part has no ETag")
            }
            return etag
        }
    }

    private func completeMultipartUpload(
        _ id: String, _ etags: [String], bucket: String, key: String, options: PutOptions
    ) async throws(AWSError) -> ObjectInfo {
        var call = try call("CompleteMultipartUpload", .post, bucket: bucket, key: key)
        call.query = [("uploadId", id)]
        call.headers["content-type"] = "application/xml"
        if options.onlyIfAbsent { call.headers["if-none-match"] = "*" }
        let parts = etags.enumerated().map { index, etag in
            "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(XMLElement.escape(etag))</ETag></Part>"
        }
        call.body = .bytes(
            Array(
                "<CompleteMultipartUpload xmlns=\"\(Self.namespace)\">\(parts.joined())</CompleteMultipartUpload>"
                    .utf8))
        let operation = call.operation
        return try await client.send(call) { response throws(AWSError) in
            ObjectInfo(etag: try Self.document(response, operation)["ETag"]?.text)
        }
    }
}

/// Pieces of whatever size as parts of one size; only the last may be smaller.
private struct PartSource {
    let partSize: Int
    let next: @Sendable () async throws -> [UInt8]?
    private var pending: [UInt8] = []
    private var ended = false

    init(partSize: Int, next: @escaping @Sendable () async throws -> [UInt8]?) {
        self.partSize = partSize
        self.next = next
    }

    /// nil at the end.
    mutating func part(_ operation: Operation) async throws(AWSError) -> [UInt8]? {
        while pending.count < partSize, !ended {
            do {
                guard let piece = try await next() else {
                    ended = true
                    break
                }
                pending.append(contentsOf: piece)
            } catch is CancellationError {
                throw operation.error(.cancelled, "cancelled")
            } catch {
                throw operation.error(.transport, "the body's source failed: \(error)", underlying: error)
            }
        }
        if pending.isEmpty { return nil }
        let part = Array(pending.prefix(partSize))
        pending.removeFirst(part.count)
        return part
    }
}
