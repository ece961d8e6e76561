import HTTP

extension S3 {
    /// An object in pieces, in bounded memory: what is not asked for is not read from the network. A connection that
    /// breaks is resumed where it stood, as long as the object is still the same; at the end the checksum is verified.
    public func stream(
        bucket: String, key: String, options: GetOptions = .init()
    ) async throws(AWSError) -> Body {
        var call = try call("GetObject", .get, bucket: bucket, key: key)
        try options.apply(to: &call, client.configuration.responseChecksums)
        call.responseLimit = .max
        call.streams = true
        let response = try await begin(call, isRange: options.range != nil)
        let reader = ObjectReader(self, call, response, canResume: options.range == nil)
        return Body(info: ObjectInfo(response.head.headers), reader: reader)
    }

    fileprivate func begin(
        _ call: Call, isRange: Bool
    ) async throws(AWSError) -> HTTPClient.StreamingResponse {
        do throws(AWSError) {
            let response = try await client.stream(call)
            try Self.check(status: response.head.status, isRange: isRange, call.operation)
            return response
        } catch {
            throw Self.named(error)
        }
    }

    /// An object whose bytes are still coming. One reader at a time; dropping it ends the transfer.
    public struct Body: Sendable, AsyncSequence {
        /// Known before the first byte.
        public let info: ObjectInfo
        fileprivate let reader: ObjectReader

        /// The next piece, nil at the end. Throws `malformedResponse` at the end when the checksum does not hold: only
        /// then are the pieces before known to be wrong.
        public func next() async throws(AWSError) -> [UInt8]? { try await reader.next() }

        /// Reads on to the end, at most `limit` bytes.
        public func collect(limit: Int) async throws(AWSError) -> [UInt8] {
            var whole: [UInt8] = []
            while let piece = try await next() {
                guard piece.count <= limit - whole.count else {
                    throw await reader.operation.invalid("the object has more than \(limit) bytes")
                }
                whole += piece
            }
            return whole
        }

        /// Where the body stands; iterators share it.
        public func makeAsyncIterator() -> Iterator { Iterator(body: self) }

        /// Pieces one after another.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate let body: Body
            /// As `Body.next`.
            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws(AWSError) -> [UInt8]? { try await body.next() }
        }
    }
}

/// Reads one object over as many transfers as it takes.
private actor ObjectReader {
    private let s3: S3
    private let call: Call
    private let etag: String?
    private let canResume: Bool
    private let expected: String?
    private var stream: HTTPClient.StreamingResponse?
    private var checksum: Checksum?
    private var offset = 0
    /// In a row without a byte in between.
    private var failures = 0

    var operation: Operation { call.operation }

    init(_ s3: S3, _ call: Call, _ response: HTTPClient.StreamingResponse, canResume: Bool) {
        self.s3 = s3
        self.call = call
        stream = response
        let info = S3.ObjectInfo(response.head.headers)
        etag = info.etag
        self.canResume = canResume && info.etag != nil
        let isVerified =
            call.headers["range"] == nil && s3.client.configuration.responseChecksums == .whenSupported
        if isVerified, let (algorithm, value) = S3.preferred(info.checksums) {
            checksum = Checksum(algorithm)
            expected = value
        } else {
            checksum = nil
            expected = nil
        }
    }

    func next() async throws(AWSError) -> [UInt8]? {
        while let current = stream {
            let piece: [UInt8]?
            do throws(HTTPError) {
                piece = try await current.next()
            } catch {
                stream = nil
                try await resume(after: error)
                continue
            }
            guard let piece else {
                stream = nil
                try verify()
                return nil
            }
            failures = 0
            offset += piece.count
            checksum?.update(piece)
            return piece
        }
        return nil
    }

    private func verify() throws(AWSError) {
        guard let checksum = checksum.take() else { return }
        let algorithm = checksum.algorithm
        guard checksum.finalize() == expected else { throw S3.mismatch(algorithm, operation) }
    }

    private func resume(after failure: HTTPError) async throws(AWSError) {
        var error = operation.error(
            failure.code == .cancelled ? .cancelled : .transport, "after \(offset) bytes: \(failure)",
            underlying: failure)
        failures += 1
        error.attempts = failures
        guard canResume, RetryPolicy.verdict(for: error) == .transient,
            failures < s3.client.policy(for: .s3).maximumAttempts
        else { throw error }
        var call = call
        call.headers["x-amz-checksum-mode"] = nil
        call.headers["range"] = offset > 0 ? "bytes=\(offset)-" : nil
        call.headers["if-match"] = etag
        let response = try await s3.begin(call, isRange: offset > 0)
        let range = response.head.headers["content-range"]
        guard offset == 0 || range?.hasPrefix("bytes \(offset)-") == true else {
            throw operation.malformed("the answer is another range than the one asked for")
        }
        stream = response
    }
}
