import AWSClients
import HTTP
import JSON
import TestSupport
import Testing

@testable import Handlers
@testable import comfy_lambda

/// What is to be found when a job is over, whatever happened on its way.
struct Aftermath: Sendable, Hashable {
    var state = ""
    var attempts = 0
    /// How often a GPU began to work for it.
    var runs = 0
    /// Sentences about what should not be.
    var faults: [String] = []
}

extension Testbed {
    /// Looks at a job that is over, given what was announced of it.
    func aftermath(of id: String, announced events: [String]) async throws -> Aftermath {
        let item = try await item(id)
        guard let job = Job.ID(id) else { throw TimedOut(description: "\(id) is no job's id") }
        var found = Aftermath(
            state: item["state"]?.string ?? "gone", attempts: item["attempt"]?.int ?? 0)
        let prompts = (0..<found.attempts).map { PromptID.derive(job: job, attempt: $0 + 1) }
        found.runs = try workers.reduce(0) { $0 + (try $1.runs().filter(prompts.contains).count) }
        let writes = calls.finalWrites(of: id)
        if writes != 1 { found.faults.append("\(writes) final states") }
        if item["open_pk"] != nil { found.faults.append("still open work") }
        if Set(events) != ["job.\(found.state)"] { found.faults.append("announced as \(events)") }
        for output in item["outputs"]?.list ?? [] {
            guard let key = output.map?["key"]?.string, let hash = output.map?["sha256"]?.string else {
                found.faults.append("an output without key or hash")
                continue
            }
            let stored = try? await S3(aws).get(bucket: LocalStack.bucket, key: key)
            if stored.map(digest) != hash { found.faults.append("object \(key) is not what the job says") }
            if try await !made(output.map?["name"]?.string ?? "", prompts).contains(hash) {
                found.faults.append("output \(key) is not what the worker made")
            }
        }
        return found
    }

    /// What is left when nothing moves any more: slots are given back a moment after their jobs have ended, and taken for a
    /// moment by whoever a late doorbell wakes.
    func settled(patience: Duration = .seconds(20)) async throws -> [String] {
        let end = ContinuousClock.now + patience
        while true {
            let left = try await leftovers()
            if left.isEmpty || ContinuousClock.now > end { return left }
            try await loop.sleep(for: .milliseconds(200))
        }
    }

    /// Expects of jobs that are over what a user and an operator expect; `left` is what `settled` found.
    func expectWhole(
        _ ids: [String], left: [String], attempts: Int?, log: FunctionLog,
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(left.isEmpty, "\(log.tail)", sourceLocation: place)
        let events = try await announcements()
        #expect(Set(events.keys) == Set(ids), sourceLocation: place)
        for id in ids {
            let found = try await aftermath(of: id, announced: events[id] ?? [])
            let said: Comment = "\(id): \(found)\n\(log.tail)"
            #expect(found.faults.isEmpty, said, sourceLocation: place)
            #expect(found.state == "completed", said, sourceLocation: place)
            #expect(found.runs <= 2, said, sourceLocation: place)
            if let attempts { #expect(found.attempts == attempts, said, sourceLocation: place) }
        }
    }

    /// The digests of the workers' own files of this name, made for one of these prompts.
    private func made(_ name: String, _ prompts: [String]) async throws -> [String] {
        var digests: [String] = []
        for prompt in prompts {
            for worker in workers {
                let query = "type=output&subfolder=comfy/\(prompt)&filename=\(URL.percentEncode(name))"
                let answer = try await APIClient(address: "").get("\(worker.url)/view?\(query)")
                if answer.status == 200 { digests.append(digest(answer.body)) }
            }
        }
        return digests
    }

    /// What nobody needs any more and is there all the same.
    private func leftovers() async throws -> [String] {
        var left: [String] = []
        let page = try await DynamoDB(aws).call(
            "Scan", ["TableName": .string(LocalStack.table), "ConsistentRead": true])
        for item in page["Items"]?.array ?? []
        where item["sk"]?["S"]?.string?.hasPrefix("SLOT#") == true && item["token"] != nil {
            left.append("a held slot (job \(item["job"]?["S"]?.string ?? "none"))")
        }
        let client = APIClient(address: "")
        let bucket = "http://127.0.0.1:\(awsPort)/\(LocalStack.bucket)"
        let uploads = try await client.get(bucket + "?uploads")
        if String(decoding: uploads.body, as: UTF8.self).contains("<UploadId>") {
            left.append("a multipart upload")
        }
        for worker in workers {
            if try await client.get(worker.url + "/history").json.object?.isEmpty != true {
                left.append("a history entry")
            }
            let queue = try await client.get(worker.url + "/queue").json
            if queue["queue_running"]?.array?.isEmpty != true
                || queue["queue_pending"]?.array?.isEmpty != true
            {
                left.append("a prompt in the queue")
            }
        }
        return left
    }
}
