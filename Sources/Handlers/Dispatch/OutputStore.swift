import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// Moves a run's outputs from the worker into the bucket: streamed, hashed, under names of our own.
struct OutputStore: Sendable {
    let s3: S3
    let bucket: String
    let loop: EventLoop

    /// How many outputs are on their way at once.
    static let parallel = 4
    /// Tries for one output; the GPU work is done, so only the storing is repeated.
    static let tries = 3

    /// How many outputs a job may have: their names must fit into its item, of which DynamoDB takes 400 KB.
    static let limit = 500

    /// What one output is made of.
    enum Source: Sendable {
        case file(OutputFile)
        case text(nodeID: String, String)
    }

    /// Why an output is not in the bucket.
    enum Failure: Error, Sendable {
        /// The worker does not have the file any more.
        case missing(String)
        /// More than a job may have.
        case tooMany(Int)
        /// The worker cannot be read.
        case worker(ComfyUIError)
        /// The bucket does not take it.
        case storage(AWSError)
    }

    /// Stores everything a run left, in the order of the history.
    func store(_ entry: HistoryEntry, of job: Job, from client: ComfyUIClient) async throws(Failure)
        -> [Job.Output]
    {
        let sources =
            entry.files.map(Source.file) + entry.texts.map { .text(nodeID: $0.nodeID, $0.text) }
        guard sources.count <= Self.limit else { throw .tooMany(sources.count) }
        let result = await withTaskGroup(of: Result<Job.Output, Failure>.self) { group in
            var outputs: [Job.Output] = []
            var next = 0
            var failure: Failure?
            while next < sources.count || !group.isEmpty {
                while next < sources.count, next - outputs.count < Self.parallel, failure == nil {
                    let (index, source) = (next, sources[next])
                    group.addTask { await retrying(source, index, job, client) }
                    next += 1
                }
                guard let ended = await group.next() else { break }
                switch ended {
                case .success(let output): outputs.append(output)
                case .failure(let error):
                    failure = failure ?? error
                    group.cancelAll()
                }
                if failure != nil { next = sources.count }
            }
            return failure.map { Result<[Job.Output], Failure>.failure($0) }
                ?? .success(outputs.sorted { $0.index < $1.index })
        }
        return try result.get()
    }

    private func retrying(_ source: Source, _ index: Int, _ job: Job, _ client: ComfyUIClient) async
        -> Result<Job.Output, Failure>
    {
        var tried = 0
        while true {
            tried += 1
            do {
                return .success(try await store(source, index, job, client))
            } catch {
                if case .missing = error { return .failure(error) }
                if tried >= Self.tries || Task.isCancelled { return .failure(error) }
                Log.warn(
                    "output not stored, trying again",
                    ["job_id": .string("\(job.id)"), "index": .number(index), "error": .string("\(error)")])
                try? await loop.sleep(for: .seconds(1 << (tried - 1)))
            }
        }
    }

    private func store(_ source: Source, _ index: Int, _ job: Job, _ client: ComfyUIClient)
        async throws(Failure) -> Job.Output
    {
        switch source {
        case .text(let nodeID, let text):
            let bytes = Array(text.utf8)
            return try await upload(
                OutputReader(bytes), name: "text.txt", nodeID: nodeID, index, job)
        case .file(let file):
            let response: HTTPClient.StreamingResponse
            do {
                response = try await client.view(file)
            } catch  where error.code == .notFound {
                throw .missing(file.filename)
            } catch {
                throw .worker(error)
            }
            return try await upload(
                OutputReader(response), name: file.filename, nodeID: file.nodeID, index, job)
        }
    }

    private func upload(
        _ reader: OutputReader, name: String, nodeID: String, _ index: Int, _ job: Job
    ) async throws(Failure) -> Job.Output {
        let media: MediaType
        do {
            media = MediaType(sniffing: try await reader.head(MediaType.headLength))
        } catch {
            throw .worker(error)
        }
        let key = OutputKey.output(
            user: job.user, job: job.id, attempt: job.attempt, index: index,
            fileExtension: media.fileExtension)
        var options = S3.PutOptions(contentType: media.contentType)
        // A page or a script must not run under the bucket's address, however it is served.
        if ![.image, .video, .audio].contains(media.kind) { options.contentDisposition = "attachment" }
        options.cacheControl = "private, max-age=31536000, immutable"
        do {
            // An output of one part is one PUT that can be repeated; a larger one never has more than two parts in memory.
            var parts = S3.UploadOptions()
            parts.parallel = 1
            try await s3.upload(bucket: bucket, key: key, options: options, parts) {
                try await reader.next()
            }
        } catch {
            // A worker that stopped in the middle also ends the upload: say which of the two it was.
            if let lost = await reader.failure { throw .worker(lost) }
            throw .storage(error)
        }
        let (bytes, digest) = await reader.finish()
        return Job.Output(
            index: index, nodeID: nodeID, kind: media.kind,
            filename: String(String.UnicodeScalarView(name.unicodeScalars.prefix(255))),
            contentType: media.contentType, bytes: bytes, sha256: Hex.encode(digest),
            width: media.width, height: media.height, key: key)
    }
}

/// Hands an output on piece by piece, hashing and counting what passes.
actor OutputReader {
    private let source: @Sendable () async throws(HTTPError) -> [UInt8]?
    private var hash: SHA256? = SHA256()
    private var count = 0
    private var held: [[UInt8]] = []
    private var ended = false
    /// Why the worker's side ended early.
    private(set) var failure: ComfyUIError?

    init(_ response: HTTPClient.StreamingResponse) {
        source = { () async throws(HTTPError) in try await response.next() }
    }

    init(_ bytes: [UInt8]) {
        source = { () async throws(HTTPError) in nil }
        held = bytes.isEmpty ? [] : [bytes]
    }

    /// The first `length` bytes, which `next` will hand out again.
    func head(_ length: Int) async throws(ComfyUIError) -> [UInt8] {
        var head = held.flatMap { $0 }
        while head.count < length, let piece = try await read() {
            held.append(piece)
            head += piece
        }
        return Array(head.prefix(length))
    }

    /// The next piece, nil at the end.
    func next() async throws(ComfyUIError) -> [UInt8]? {
        let piece = held.isEmpty ? try await read() : held.removeFirst()
        guard let piece else { return nil }
        count += piece.count
        hash?.update(piece)
        return piece
    }

    /// How much passed, and its SHA-256.
    func finish() -> (bytes: Int, sha256: [UInt8]) {
        (count, hash.take()?.finalize() ?? [])
    }

    private func read() async throws(ComfyUIError) -> [UInt8]? {
        if ended { return nil }
        do {
            let piece = try await source()
            if piece == nil { ended = true }
            return piece
        } catch {
            ended = true
            let lost = ComfyUIError(.unreachable, "\(error)", underlying: error)
            failure = lost
            throw lost
        }
    }
}
