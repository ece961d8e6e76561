import Crypto
import HTTP
import JSON

/// The HTTP API as a client uses it.
struct APIClient: Sendable {
    /// Without a slash at its end.
    let address: String

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
        var json: JSON { (try? JSON(parsing: body)) ?? .null }
        /// `error.code`.
        var code: String? { json["error"]?["code"]?.string }
        /// The codes of `error.details.errors`.
        var faults: [String] {
            (json["error"]?["details"]?["errors"]?.array ?? []).compactMap { $0["code"]?.string }
        }
    }

    /// A path of the API, or a whole address.
    func send(_ method: HTTPMethod, _ target: String, _ body: String? = nil, headers: HTTPHeaders = [:])
        async throws -> Answer
    {
        guard let url = URL(target.hasPrefix("http") ? target : address + target) else {
            throw TimedOut(description: "no address: \(target)")
        }
        var request = HTTPClient.Request(method, url, headers: headers)
        if let body {
            request.body = .bytes(Array(body.utf8))
            // What `curl -d` says unless it is told otherwise.
            if headers["Content-Type"] == nil {
                request.headers.add("Content-Type", "application/x-www-form-urlencoded")
            }
        }
        let response = try await Network.http.send(request)
        return Answer(status: response.status, headers: response.headers, body: response.body)
    }

    func get(_ target: String) async throws -> Answer { try await send(.get, target) }

    /// Submits a picture and returns the job's id.
    func generate(_ prompt: String = "a lighthouse", steps: Int = 4) async throws -> String {
        let answer = try await send(
            .post, "/v1/generate", #"{"prompt": "\#(prompt)", "width": 64, "height": 64, "steps": \#(steps)}"#
        )
        guard answer.status == 202, let id = answer.json["job_id"]?.string else {
            throw TimedOut(description: "submitting: \(answer.status) \(answer.json.text)")
        }
        return id
    }

    /// The job now.
    func job(_ id: String) async throws -> JSON { try await get("/v1/jobs/\(id)").json }

    /// The job once it is in this state; at once an error when it ends in another.
    func job(_ id: String, is state: String, within limit: Duration = .seconds(60)) async throws -> JSON {
        try await eventually("job \(id) \(state)", within: limit) {
            let job = try await job(id)
            let now = job["status"]?.string ?? ""
            if now == state { return job }
            if ["completed", "failed", "cancelled"].contains(now) {
                throw TimedOut(description: "job \(id) is \(now): \(job.text)")
            }
            return nil
        }
    }

    /// The ids of all jobs that are listed.
    func list() async throws -> [String] {
        (try await get("/v1/jobs?limit=100").json["jobs"]?.array ?? []).compactMap { $0["job_id"]?.string }
    }
}

/// `sha256` in hexadecimal.
func digest(_ bytes: [UInt8]) -> String { Hex.encode(SHA256.hash(bytes)) }

/// Width and height of a PNG from its first chunk; nil when it is none (RFC 2083, 3.1 and 4.1.1).
func sizeOfPNG(_ bytes: [UInt8]) -> [Int]? {
    guard bytes.count > 24, bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else {
        return nil
    }
    return [16, 20].map { bytes[$0..<$0 + 4].reduce(0) { $0 << 8 | Int($1) } }
}
