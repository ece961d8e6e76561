import HTTP
import JSON
import TestSupport
import Testing

/// `comfy-lambda serve`: the API over each front end, as a client meets it.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ServeCommandTests {
    @Test(arguments: ["http", "rest", "alb"])
    func aJobFromRequestToPicture(format: String) async throws {
        try await ServedSystem.during(.init(format: format)) { system in
            let api = system.api
            #expect(system.process.standardOutput.split(separator: "\n").count == 1)

            // As `curl -d` sends it: JSON that says it is a form.
            let accepted = try await api.send(
                .post, "/v1/generate", #"{"prompt":"a lighthouse","width":128,"height":64,"steps":2}"#)
            #expect(accepted.status == 202)
            let id = try #require(accepted.json["job_id"]?.string)
            #expect(accepted.headers["Location"] == "/v1/jobs/\(id)")
            let job = try await api.job(id, is: "completed")
            #expect(job["attempts"]?.array?.count == 1)
            #expect(job["progress"]?["percent"] == 100)

            let redirect = try await api.get("/v1/jobs/\(id)/image")
            #expect(redirect.status == 302)
            let picture = try await api.get(try #require(redirect.headers["Location"]))
            #expect(picture.status == 200)
            #expect(picture.headers["Content-Type"] == "image/png")
            #expect(sizeOfPNG(picture.body) == [128, 64])
            #expect(job["outputs"]?[0]?["sha256"]?.string == digest(picture.body))
            #expect(try await system.announcement(of: id)["event"] == "job.completed")

            try await Self.waitsAsPreferred(api)
            try await Self.repeatsARequestOnce(api, earlier: id)
            #expect(try await eventually("all done") { try await system.messageCount() == 0 ? true : nil })
        }
    }

    /// RFC 7240 §4.3.
    private static func waitsAsPreferred(_ api: APIClient) async throws {
        let answer = try await api.send(
            .post, "/v1/generate", #"{"prompt":"a boat","width":64,"height":64,"steps":2}"#,
            headers: ["Prefer": "wait=20"])
        #expect(answer.status == 200)
        #expect(answer.json["status"] == "completed")
        #expect(answer.headers["Preference-Applied"] == "wait=20")
    }

    private static func repeatsARequestOnce(_ api: APIClient, earlier: String) async throws {
        let (path, key): (String, HTTPHeaders) = ("/v1/generate", ["Idempotency-Key": "one"])
        let body = #"{"prompt":"a pier","width":64,"height":64,"steps":2}"#
        let first = try await api.send(.post, path, body, headers: key)
        let second = try await api.send(.post, path, body, headers: key)
        #expect(first.status == 202)
        let id = try #require(first.json["job_id"]?.string)
        #expect(second.json["job_id"]?.string == id)
        let other = try await api.send(.post, path, #"{"prompt":"a mole"}"#, headers: key)
        #expect(other.status == 422)
        #expect(other.code == "IDEMPOTENCY_MISMATCH")
        _ = try await api.job(id, is: "completed")
        // Newest first.
        let list = try await api.list()
        #expect(list.count == 3)
        #expect(list.first == id)
        #expect(list.last == earlier)
    }

    @Test(arguments: ["http", "rest", "alb"])
    func cancelsQueuedAndRunningJobs(format: String) async throws {
        let worker = try await Worker(stepMilliseconds: 500)
        let options = ServedSystem.Options(
            format: format, arguments: ["--sweep-every", "1"], variables: ["HEARTBEAT_SECONDS": "1"],
            comfyUI: [worker.url])
        try await ServedSystem.during(options) { system in
            let api = system.api
            // The only slot; it would take 75 s.
            let running = try await api.generate("a long one", steps: 150)
            _ = try await api.job(running, is: "running")
            let queued = try await api.generate("a later one")
            #expect(try await api.job(queued)["queue_position"] == 1)

            let first = try await api.send(.post, "/v1/jobs/\(queued)/cancel")
            #expect(first.status == 200)
            #expect(first.json["status"] == "cancelled")
            let second = try await api.send(.post, "/v1/jobs/\(running)/cancel")
            #expect(second.status == 202)
            #expect(second.json["cancel_requested_at"]?.string != nil)
            _ = try await api.job(running, is: "cancelled", within: .seconds(20))
            for id in [queued, running] {
                #expect(try await system.announcement(of: id)["event"] == "job.cancelled")
            }
            // The slot is free again, and the worker is rid of the prompt.
            _ = try await api.generate("one more", steps: 1)
            #expect(try await api.send(.post, "/v1/jobs/\(running)/cancel").status == 200)
            let next = try #require(try await api.list().first)
            _ = try await api.job(next, is: "completed")
            #expect(try worker.runs().count == 2)
        }
    }

    /// The events of a job that asks for previews have some, those of another have none, though the worker is the same.
    @Test func showsAJobThatAsksForItHowItComesAlong() async throws {
        let worker = try await Worker(stepMilliseconds: 150)
        try await ServedSystem.during(.init(comfyUI: [worker.url])) { system in
            let api = system.api
            let body = #"{"prompt":"a lighthouse","width":64,"height":64,"steps":20"#
            for (asks, fields) in [(true, #","previews":true}"#), (false, "}")] {
                let accepted = try await api.send(.post, "/v1/generate", body + fields)
                #expect(accepted.status == 202)
                let id = try #require(accepted.json["job_id"]?.string)
                let events = try await api.get("/v1/jobs/\(id)/events")
                #expect(events.status == 200)
                let text = String(decoding: events.body, as: UTF8.self)
                #expect(text.contains(#""status":"completed""#))
                #expect(text.contains("event: preview\ndata: {\"taken_at\"") == asks)
                #expect(text.contains("/previews/local/\(id)/newest?") == asks)
                let job = try await api.job(id)
                #expect(!job.text.contains("preview"))
            }
        }
    }
}
