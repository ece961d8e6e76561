import Crypto
import HTTP
import JSON
import Time

/// The steps of a smoke test. Each either says what it saw or fails with a sentence.
struct SmokeSession: Sendable {
    let jobs: RemoteJobs

    private var api: DeployedAPI { jobs.api }
    private var console: Console { jobs.console }

    /// What was seen of the job and its picture.
    struct Seen: Sendable {
        let job: JSON
        let workers: Int
        let bytes: Int
        let sha256: String
        let contentType: String
        let width: Int?
        let height: Int?
    }

    func run(_ request: JSON) async throws -> Seen {
        let workers = try await askWhetherReady()
        let job = try await jobs.watch(jobs.submit(request, to: "/v1/generate").id)
        guard job["status"] == "completed" else { throw job.jobFailure }
        return try await lookAtPicture(of: job, workers: workers)
    }

    private func askWhetherReady() async throws -> Int {
        let answer = try await api.call(.get, "/health/ready")
        guard answer.status == 200, let workers = answer.body?["workers"]?.int else {
            throw CommandFailure("The API is not ready: \(answer.explained)")
        }
        let alive = answer.body?["workers_alive"]?.int ?? 0
        console.note("Ready: table and bucket answer, \(alive) of \(workers) workers alive")
        if workers == 0 {
            console.note("No worker is recorded yet (the sweep looks once a minute); the job waits for one")
        }
        return workers
    }

    /// The first picture, from its own address and compared with what the job says of it.
    private func lookAtPicture(of job: JSON, workers: Int) async throws -> Seen {
        let outputs = job["outputs"]?.array ?? []
        guard let output = outputs.first(where: { $0["kind"]?.string == "image" }),
            let url = (output["url"]?.string).flatMap({ URL($0) })
        else { throw CommandFailure("The job is completed and has no picture.") }
        var request = HTTPClient.Request(.get, url)
        request.responseLimit = 256 << 20
        let response = try await api.http.send(request)
        guard response.status == 200 else {
            throw CommandFailure("The picture's address \(url.redacted) answered \(response.status).")
        }
        let digest = Hex.encode(SHA256.hash(response.body))
        guard response.body.count == output["bytes"]?.int, digest == output["sha256"]?.string else {
            throw CommandFailure(
                "The picture has \(response.body.count) bytes with SHA-256 \(digest); the job says "
                    + "\(output["bytes"]?.int ?? 0) and \(output["sha256"]?.string ?? "none").")
        }
        console.note(
            "The picture is the one that the job tells of: \(response.body.count) bytes, SHA-256 \(digest)")
        let type = output["content_type"]?.string ?? ""
        let size = Self.pngSize(response.body)
        if type == "image/png" {
            guard let size, size.width == output["width"]?.int, size.height == output["height"]?.int else {
                throw CommandFailure(
                    "The picture is said to be a PNG of other dimensions than its bytes have.")
            }
        }
        return Seen(
            job: job, workers: workers, bytes: response.body.count, sha256: digest, contentType: type,
            width: size?.width ?? output["width"]?.int, height: size?.height ?? output["height"]?.int)
    }

    /// From the header chunk that every PNG begins with (https://www.w3.org/TR/png-3/#11IHDR).
    static func pngSize(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        guard bytes.count >= 24, bytes.starts(with: signature) else { return nil }
        func number(_ start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
        return (number(16), number(20))
    }
}

extension SmokeSession.Seen {
    /// One line, or one JSON document; without addresses that carry their own permission, for it may end in a log.
    func show(on console: Console, address: URL, duration: Duration) {
        if console.isJSON {
            let document: JSON = [
                "url": .string(address.redacted), "job_id": job["job_id"] ?? .null,
                "usage": job["usage"] ?? .null,
                "workers": .number(workers),
                "picture": [
                    "bytes": .number(bytes), "sha256": .string(sha256), "content_type": .string(contentType),
                    "width": width.map { .number($0) } ?? .null,
                    "height": height.map { .number($0) } ?? .null,
                ],
                "duration_ms": .number(duration.milliseconds),
            ]
            return console.print(document.text)
        }
        let size = width.flatMap { width in height.map { "\(width) × \($0) " } } ?? ""
        console.print(
            "\(console.output.paint("smoke passed", .green)): \(address.redacted) drew \(size)\(contentType), "
                + "\(Quantity.bytes(bytes)), in \(Quantity.time(milliseconds: Int(duration.milliseconds)))")
    }
}
