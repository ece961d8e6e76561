import AWSClients
import Crypto
import HTTP
import Handlers
import JSON
import LambdaRuntime
import LocalServer
import Time

/// One job from its event to its files, as a client of the API sees it.
struct JobSession: Sendable {
    let system: LocalSystem
    let console: Console
    let loop: EventLoop
    /// Between two looks at the job.
    var pollInterval = Duration.milliseconds(200)

    /// Submits, watches until the job is final, saves its outputs, and waits for its message.
    func run(_ event: RecordedEvent) async throws -> JobResult {
        let id = try await submit(event)
        let job = try await watch(id)
        let files = try await save(job, id: id)
        return JobResult(job: job, files: files, notification: try await notification(of: id))
    }

    private func submit(_ event: RecordedEvent) async throws -> String {
        let (status, job) = try await call(event.bytes)
        guard status == 202 || status == 200, let id = job["job_id"]?.string, UUID(id) != nil else {
            throw CommandFailure("The API refused the job: \(Self.reason(status, job))")
        }
        console.note("Job \(id) accepted")
        return id
    }

    private func watch(_ id: String) async throws -> JSON {
        let start = ContinuousClock.now
        var shown: [String] = []
        while true {
            let (status, job) = try await get("/v1/jobs/\(id)")
            guard status == 200 else {
                throw CommandFailure("The job could not be read: \(Self.reason(status, job))")
            }
            let progress = JobProgress(job)
            if console.errors.isTerminal {
                let seconds = Int((ContinuousClock.now - start).components.seconds)
                console.showStatus(progress.isFinal ? "" : progress.bar(console.errors, seconds: seconds))
            } else if progress.milestone != shown {
                console.note(progress.line)
                shown = progress.milestone
            }
            if progress.isFinal { return job }
            try await loop.sleep(for: pollInterval)
        }
    }

    /// The outputs' bytes from their presigned addresses, as a browser would fetch them.
    private func save(_ job: JSON, id: String) async throws -> [String] {
        let outputs = job["outputs"]?.array ?? []
        let folder = system.project.localFolder + "/outputs"
        if !outputs.isEmpty { try FileSystem.createFolder(folder) }
        var files: [String] = []
        for (index, output) in outputs.enumerated() {
            guard let address = output["url"]?.string, let url = URL(address) else {
                throw CommandFailure("Output \(index) of the job has no address.")
            }
            var request = HTTPClient.Request(.get, url)
            request.responseLimit = 256 << 20
            let response = try await system.http.send(request)
            guard response.status == 200 else {
                throw CommandFailure("\(url.redacted) answered \(response.status).")
            }
            let name = "\(id)-\(index).\(Self.fileExtension(of: output))"
            try FileSystem.write(response.body, to: "\(folder)/\(name)")
            files.append("\(folder)/\(name)")
        }
        return files
    }

    /// Only letters and digits of ComfyUI's file name get into ours.
    static func fileExtension(of output: JSON) -> String {
        let name = output["filename"]?.string ?? ""
        guard let dot = name.lastIndex(of: ".") else { return "bin" }
        let ending = name[name.index(after: dot)...].lowercased()
        let isPlain = ending.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        return isPlain && (1...5).contains(ending.count) ? ending : "bin"
    }

    /// The message as the topic's subscriber got it. Completion is announced at least once, soon after the job is final.
    private func notification(of id: String) async throws -> JSON {
        let sqs = SQS(system.aws)
        let queue = system.stack.subscriber.url
        let deadline = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < deadline {
            for message in try await sqs.receive(from: queue, maximum: 10, wait: .seconds(5)) {
                try await sqs.delete(receiptHandle: message.receiptHandle, from: queue)
                guard let envelope = try? JSON(parsing: message.body), let text = envelope["Message"]?.string,
                    let content = try? JSON(parsing: text), content["job_id"]?.string == id
                else { continue }
                return envelope
            }
        }
        throw CommandFailure("No SNS message about the job arrived within 90 s.")
    }

    // MARK: Calls of the API function

    private func get(_ path: String) async throws -> (status: Int, body: JSON) {
        let request = ServerRequest(.get, target: path, headers: ["Accept": "application/json"])
        let event = HTTPEvent(request, requestID: UUID.v4().description, time: .now, host: "127.0.0.1")
        guard let document = event.document(for: .httpAPI) else {
            throw CommandFailure("\(path) cannot be put into an event.")
        }
        return try await call(document.serialized())
    }

    private func call(_ event: [UInt8]) async throws -> (status: Int, body: JSON) {
        let outcome = try await system.function(.api).invoke(event)
        if case .failure(let failure) = outcome {
            throw CommandFailure("The api function failed: \(failure)")
        }
        let response = HTTPAnswer.response(to: outcome, for: .httpAPI)
        guard case .bytes(let bytes) = response.body, let json = try? JSON(parsing: bytes) else {
            throw CommandFailure("The api function answered \(response.status) without JSON.")
        }
        return (response.status, json)
    }

    private static func reason(_ status: Int, _ body: JSON) -> String {
        let error = body["error"]
        let code = error?["code"]?.string ?? "\(status)"
        return "\(code): \(JobProgress.printable(error?["message"]?.string ?? body.text))"
    }
}
