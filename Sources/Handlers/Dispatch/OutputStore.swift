import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// Moves one run's outputs from the worker into the bucket: streamed, hashed, under names of our own.
///
/// Storing begins when the run's frames name a file, and the history decides in the end what counts. What it does not
/// confirm is not listed anywhere, and goes with the bucket's lifecycle rule.
struct OutputStore: Sendable {
    let s3: S3
    let configuration: Configuration
    let loop: EventLoop
    let job: Job
    let client: ComfyUIClient
    let ledger: OutputLedger
    let gate: TransferGate

    /// How many outputs are on their way at once.
    static let parallel = 4
    /// Tries for one output; the GPU work is done, so only the storing is repeated.
    static let tries = 3

    /// How many outputs a job may have: their names must fit into its item, of which DynamoDB takes 400 KB.
    static let limit = 500

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

    /// Aborts what a run before this one, now dead, was uploading in parts: S3 bills them until the bucket's lifecycle rule finds
    /// them. Before the first output is stored: its own uploads look the same.
    func abortUnfinished() async {
        do {
            let folder = OutputKey.folder(user: job.user, job: job.id)
            for upload in try await s3.multipartUploads(of: configuration.bucket, prefix: folder) {
                try await s3.abort(upload)
            }
        } catch {
            Log.warn(
                "unfinished uploads not aborted",
                ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
        }
    }

    /// Stores what is foreseen until it ends. Failures are no matter yet: the history asks for what is missing.
    func store(_ foreseen: AsyncStream<OutputSource>) async {
        await withTaskGroup(of: Void.self) { group in
            var onTheWay = 0
            for await source in foreseen {
                if onTheWay == Self.parallel {
                    await group.next()
                    onTheWay -= 1
                }
                group.addTask { _ = await stored(source) }
                onTheWay += 1
            }
        }
    }

    /// Stores everything a run left, but for what is stored already, in the order of the history.
    func store(_ entry: HistoryEntry) async -> Result<[Job.Output], Failure> {
        let sources = OutputSource.all(of: entry)
        guard sources.count <= Self.limit else { return .failure(.tooMany(sources.count)) }
        var outputs: [Job.Output] = []
        for result in await results(of: sources, stopsAtFailure: true) {
            switch result {
            case .success(let output): outputs.append(output)
            case .failure(let failure): return .failure(failure)
            }
        }
        return .success(outputs)
    }

    /// Of a run that failed: what can be had, at most as many as a job may have.
    func storeWhatExists(_ entry: HistoryEntry) async -> [Job.Output] {
        let sources = Array(OutputSource.all(of: entry).prefix(Self.limit))
        return await results(of: sources, stopsAtFailure: false).compactMap { try? $0.get() }
    }

    /// In the order of the sources; with `stopsAtFailure` only the failure, when there is one.
    private func results(of sources: [OutputSource], stopsAtFailure: Bool) async -> [Result<
        Job.Output, Failure
    >] {
        await withTaskGroup(of: (Int, Result<Job.Output, Failure>).self) { group in
            var results: [(Int, Result<Job.Output, Failure>)] = []
            var waiting = sources[...]
            while true {
                while waiting.startIndex - results.count < Self.parallel, let source = waiting.popFirst() {
                    group.addTask { (source.index, await stored(source)) }
                }
                guard let ended = await group.next() else { break }
                results.append(ended)
                if stopsAtFailure, case .failure = ended.1 {
                    group.cancelAll()
                    return [ended.1]
                }
            }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func stored(_ source: OutputSource) async -> Result<Job.Output, Failure> {
        if let output = await ledger.output(of: source) { return .success(output) }
        var tried = 0
        while true {
            tried += 1
            do {
                let output = try await store(source)
                await ledger.add(output, of: source)
                return .success(output)
            } catch {
                if case .missing = error { return .failure(error) }
                if tried >= Self.tries || Task.isCancelled { return .failure(error) }
                Log.warn(
                    "output not stored, trying again",
                    [
                        "job_id": .string("\(job.id)"), "index": .number(source.index),
                        "error": .string("\(error)"),
                    ])
                try? await loop.sleep(for: .seconds(1 << (tried - 1)))
            }
        }
    }

    private func store(_ source: OutputSource) async throws(Failure) -> Job.Output {
        switch source.content {
        case .text(let nodeID, let text):
            return try await upload(
                OutputReader(Array(text.utf8)), name: "text.txt", nodeID: nodeID, source.index)
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
                OutputReader(response, through: gate), name: file.filename, nodeID: file.nodeID, source.index)
        }
    }

    private func upload(
        _ reader: OutputReader, name: String, nodeID: String, _ index: Int
    ) async throws(Failure) -> Job.Output {
        let media: MediaType
        do {
            media = MediaType(sniffing: try await reader.head(MediaType.headLength))
        } catch {
            throw .worker(error)
        }
        if configuration.stripsMetadata, media.contentType == "image/png" { await reader.stripMetadata() }
        let key = OutputKey.output(
            user: job.user, job: job.id, attempt: job.attempt, index: index,
            fileExtension: media.fileExtension)
        var options = S3.PutOptions(contentType: media.contentType)
        // A page or a script must not run under the bucket's address, however it is served.
        if ![.image, .video, .audio].contains(media.kind) { options.contentDisposition = "attachment" }
        options.cacheControl = "private, max-age=31536000, immutable"
        let failure: AWSError?
        do {
            // An output of one part is one PUT that can be repeated; a larger one never has more than two parts in memory.
            var parts = S3.UploadOptions()
            parts.parallel = 1
            try await s3.upload(bucket: configuration.bucket, key: key, options: options, parts) {
                try await reader.next()
            }
            failure = nil
        } catch {
            failure = error
        }
        let (bytes, digest) = await reader.finish()
        // A worker that stopped in the middle also ends the upload: say which of the two it was.
        if let lost = await reader.failure { throw .worker(lost) }
        if let failure { throw .storage(failure) }
        return Job.Output(
            index: index, nodeID: Self.clipped(nodeID, to: 64), kind: media.kind,
            filename: Self.clipped(name, to: 255),
            contentType: media.contentType, bytes: bytes, sha256: Hex.encode(digest),
            width: media.width, height: media.height, key: key)
    }

    /// What a worker says goes into the job's item, which is small.
    private static func clipped(_ text: String, to length: Int) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(length)))
    }
}
