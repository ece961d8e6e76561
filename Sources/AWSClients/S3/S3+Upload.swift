import HTTP

extension S3 {
    /// S3's bounds of a part, the last excepted, and of their number.
    static let partSizes = (5 << 20)...(5 << 30)
    static let maximumParts = 10_000

    /// How an upload in parts is cut and sent.
    public struct UploadOptions: Sendable {
        /// In bytes, 5 MB to 5 GB. 10,000 parts of the smallest size are 48.8 GB.
        public var partSize = 5 << 20
        /// How many parts are on their way at once, at least one; one more is being filled. Memory is bounded by
        /// (parallel + 1) × partSize.
        public var parallel = 4
        /// An upload that broke off: parts that S3 has already with the same bytes are not sent again. The source
        /// begins at the object's first byte all the same, and `partSize` must be what it was.
        public var resuming: MultipartUpload?
        /// Called before the first part is sent, with what `resuming` would need. Who gives this keeps an upload that
        /// failed; otherwise it is aborted.
        public var willBegin: (@Sendable (MultipartUpload) async -> Void)?

        /// Four parts of 5 MB at once, aborted on failure.
        public init() {}
    }

    /// A body of unknown length: one PUT when it ends within one part, else a multipart upload with parallel parts,
    /// each retried by itself. Bounded memory: the source is asked for more only as parts are stored.
    @discardableResult
    public func upload(
        bucket: String, key: String, options: PutOptions = .init(), _ parts: UploadOptions = .init(),
        next: @escaping @Sendable () async throws -> [UInt8]?
    ) async throws(AWSError) -> ObjectInfo {
        let operation = Operation(.s3, "CreateMultipartUpload")
        guard Self.partSizes.contains(parts.partSize) else {
            throw operation.invalid("parts of \(parts.partSize) bytes; 5 MB (5,242,880) to 5 GB are allowed")
        }
        guard parts.parallel >= 1 else {
            throw operation.invalid("\(parts.parallel) parts at once; it must be at least one")
        }
        var source = PartSource(partSize: parts.partSize, next: next)
        let first = try await source.part(operation) ?? []
        if first.count < parts.partSize, parts.resuming == nil {
            return try await put(first, bucket: bucket, key: key, options: options)
        }
        let upload: MultipartUpload
        if let resuming = parts.resuming {
            guard resuming.bucket == bucket, resuming.key == key else {
                throw operation.invalid("the upload to be resumed is of another object")
            }
            upload = resuming
        } else {
            upload = try await createMultipartUpload(bucket: bucket, key: key, options: options)
        }
        do throws(AWSError) {
            await parts.willBegin?(upload)
            let stored = parts.resuming == nil ? [] : try await self.parts(of: upload)
            let sent = try await send(first, source, of: upload, parts.parallel, stored)
            return try await complete(upload, sent.parts, options: options, whole: sent.checksum)
        } catch {
            if parts.willBegin == nil, parts.resuming == nil {
                // In a task of its own: the upload is aborted even if this one was cancelled.
                let abort = client.http.loop.task { [self] in try await self.abort(upload) }
                _ = try? await abort.value
            }
            throw error
        }
    }

    /// All parts, at most `parallel` at once; those of `stored` with the same bytes are left out.
    private func send(
        _ first: [UInt8], _ source: consuming PartSource, of upload: MultipartUpload, _ parallel: Int,
        _ stored: [Part]
    ) async throws(AWSError) -> (parts: [Part], checksum: String?) {
        let operation = Operation(.s3, "UploadPart")
        let known = Dictionary(stored.map { ($0.number, $0) }, uniquingKeysWith: { $1 })
        var source = source
        let result = await withTaskGroup(of: Result<Part, AWSError>.self) { group in
            var whole = upload.checksum.map { _ in Checksum(upload.checksum ?? .crc64nvme) }
            var parts: [Part] = []
            var failure: AWSError?
            var bytes: [UInt8]? = first
            var number = 0
            func collect(_ ended: Result<Part, AWSError>?) {
                switch ended {
                case .success(let part): parts.append(part)
                case .failure(let error): failure = failure ?? error
                case nil: break
                }
            }
            var onTheWay = 0
            while failure == nil, let part = bytes.take() {
                number += 1
                guard number <= Self.maximumParts else {
                    failure = operation.invalid("more than 10,000 parts of \(first.count) bytes")
                    break
                }
                whole?.update(part)
                if let same = known[number], Self.holds(same, part, upload) {
                    parts.append(same)
                } else {
                    if onTheWay == parallel {
                        collect(await group.next())
                        onTheWay -= 1
                    }
                    let number = number
                    group.addTask { await self.result(of: number, part, upload) }
                    onTheWay += 1
                }
                do throws(AWSError) { bytes = try await source.part(operation) } catch { failure = error }
            }
            if failure != nil { group.cancelAll() }
            while let ended = await group.next() {
                collect(ended)
                if failure != nil { group.cancelAll() }
            }
            if let failure { return Result<([Part], String?), AWSError>.failure(failure) }
            let checksum = whole.take()?.finalize()
            return .success((parts, checksum))
        }
        return try result.get()
    }

    private func result(
        of number: Int, _ bytes: [UInt8], _ upload: MultipartUpload
    ) async -> Result<Part, AWSError> {
        do throws(AWSError) {
            return .success(try await self.upload(part: number, bytes, of: upload))
        } catch {
            return .failure(error)
        }
    }

    /// Only a checksum tells that the bytes are the same: an ETag need not be one.
    private static func holds(_ stored: Part, _ bytes: [UInt8], _ upload: MultipartUpload) -> Bool {
        guard let algorithm = upload.checksum, stored.size == bytes.count else { return false }
        return stored.checksum == algorithm.checksum(bytes)
    }
}

/// Pieces of whatever size as parts of one size; only the last may be smaller.
struct PartSource {
    let partSize: Int
    let next: @Sendable () async throws -> [UInt8]?
    /// What the last piece had over the part before.
    private var rest: ArraySlice<UInt8> = []
    private var ended = false

    init(partSize: Int, next: @escaping @Sendable () async throws -> [UInt8]?) {
        self.partSize = partSize
        self.next = next
    }

    /// nil at the end.
    mutating func part(_ operation: Operation) async throws(AWSError) -> [UInt8]? {
        var part: [UInt8] = []
        while part.count < partSize {
            if rest.isEmpty {
                guard let piece = try await piece(operation) else { break }
                rest = piece[...]
            }
            // A small object does not pay for a whole part, and a large one not for growing.
            if part.count >= 1 << 20, part.capacity < partSize { part.reserveCapacity(partSize) }
            let taken = rest.prefix(partSize - part.count)
            part.append(contentsOf: taken)
            rest = rest.dropFirst(taken.count)
        }
        if rest.isEmpty { rest = [] }
        return part.isEmpty ? nil : part
    }

    private mutating func piece(_ operation: Operation) async throws(AWSError) -> [UInt8]? {
        if ended { return nil }
        do {
            let piece = try await next()
            ended = piece == nil
            return piece
        } catch is CancellationError {
            throw operation.error(.cancelled, "cancelled")
        } catch {
            throw operation.error(.transport, "the body's source failed: \(error)", underlying: error)
        }
    }
}
