import Crypto
import HTTP
import JSON

/// The jobs of a deployed API, as a client of its contract sees them.
struct RemoteJobs: Sendable {
    let api: DeployedAPI
    let console: Console
    let loop: EventLoop
    /// Between two looks at a job.
    var pollInterval = Duration.seconds(1)

    /// - Parameter path: the route that takes the request.
    /// - Parameter key: makes a repeated request the same job, for 24 hours.
    func submit(_ request: JSON, to path: String, idempotencyKey key: String? = nil)
        async throws -> (id: UUID, job: JSON)
    {
        let headers: HTTPHeaders = key.map { ["idempotency-key": $0] } ?? [:]
        let answer = try await api.call(.post, path, request, headers: headers)
        guard answer.status == 202 || answer.status == 200, let job = answer.body,
            let id = (job["job_id"]?.string).flatMap({ UUID($0) })
        else { throw CommandFailure("The API refused the job: \(answer.explained)") }
        console.note("Job \(id) accepted")
        return (id, job)
    }

    func job(_ id: UUID) async throws -> JSON {
        let answer = try await api.call(.get, "/v1/jobs/\(id)")
        guard answer.status == 200, let job = answer.body else {
            throw CommandFailure("The job cannot be read: \(answer.explained)")
        }
        return job
    }

    /// Follows a job to its end: a bar on a terminal, else a line for each step of it.
    func watch(_ id: UUID) async throws -> JSON {
        let start = ContinuousClock.now
        var shown: [String] = []
        while true {
            let job = try await job(id)
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

    /// The job as it is after the wish was noted.
    func cancel(_ id: UUID) async throws -> JSON {
        let answer = try await api.call(.post, "/v1/jobs/\(id)/cancel")
        guard [200, 202].contains(answer.status), let job = answer.body else {
            throw CommandFailure("The job cannot be cancelled: \(answer.explained)")
        }
        return job
    }
}

extension DeployedAPI.Answer {
    /// The reason, and what to do about the usual ones.
    var explained: String {
        let sentence = reason.hasSuffix(".") ? reason : reason + "."
        return switch status {
        case 401:
            "\(sentence) The API wants to know who is calling: put an API key or a token into "
                + "\(RemoteOptions.tokenVariable)."
        // The API itself says what is missing; else it is the gateway that does not let the caller through.
        case 403 where body?["error"] == nil:
            "\(sentence) The caller needs execute-api:Invoke on this API (lambda:InvokeFunctionUrl for a "
                + "function's address), and requests must be signed: --sign REGION for a domain of your own."
        case 404 where body?["error"] == nil:
            "\(sentence) Nothing of comfy-lambda answers there: take the stack's output ApiUrl."
        default: reason
        }
    }
}

extension JSON {
    /// Of a job that has not become what its user wanted.
    var jobFailure: CommandFailure {
        let error = self["error"]
        let words = [error?["code"]?.string, error?["message"]?.string].compactMap(\.self)
        let reason = words.isEmpty ? "" : " \(JobProgress.printable(words.joined(separator: ": ")))"
        return CommandFailure(
            "The job is \(JobProgress.printable(self["status"]?.string ?? "lost")).\(reason)")
    }
}
