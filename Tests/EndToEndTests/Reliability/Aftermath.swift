import AWSClients
import HTTP
import JSON
import TestSupport

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
    /// Looks at a job that is over. What takes a moment longer than the job itself, such as giving back its slot, is waited for.
    func aftermath(of id: String, patience: Duration = .seconds(20)) async throws -> Aftermath {
        let item = try await item(id)
        var found = Aftermath(
            state: item["state"]?.string ?? "gone", attempts: item["attempt"]?.int ?? 0,
            runs: try runs() - calls.earlierRuns)
        guard let job = Job.ID(id) else { throw TimedOut(description: "\(id) is no job's id") }
        let writes = calls.finalWrites(of: id)
        if writes != 1 { found.faults.append("\(writes) final states") }
        if item["open_pk"] != nil { found.faults.append("still open work") }
        let events = try await announcements()[id] ?? []
        if !events.contains("job.\(found.state)") { found.faults.append("announced as \(events)") }
        if Set(events).count > 1 { found.faults.append("announced as \(Set(events).sorted())") }
        for output in item["outputs"]?.list ?? [] {
            guard let key = output.map?["key"]?.string, let hash = output.map?["sha256"]?.string else {
                found.faults.append("an output without key or hash")
                continue
            }
            let stored = try? await S3(aws).get(bucket: LocalStack.bucket, key: key)
            let made = try await made(
                output.map?["name"]?.string ?? "", for: job, attempts: found.attempts)
            if stored.map(digest) != hash || !made.contains(hash) {
                found.faults.append("output \(key) is not what the worker made")
            }
        }
        let end = ContinuousClock.now + patience
        var leftovers = try await leftovers()
        while !leftovers.isEmpty, ContinuousClock.now < end {
            try await loop.sleep(for: .milliseconds(200))
            leftovers = try await self.leftovers()
        }
        found.faults += leftovers
        return found
    }

    /// The digests of the workers' own files of this name, from a job's attempts.
    private func made(_ name: String, for job: Job.ID, attempts: Int) async throws -> [String] {
        var digests: [String] = []
        for attempt in 1...max(1, attempts) {
            let folder = "comfy/\(PromptID.derive(job: job, attempt: attempt))"
            for worker in workers {
                let query = "type=output&subfolder=\(folder)&filename=\(URL.percentEncode(name))"
                let answer = try await APIClient(address: "").get("\(worker.url)/view?\(query)")
                if answer.status == 200 { digests.append(digest(answer.body)) }
            }
        }
        return digests
    }

    /// What nobody needs any more and is there all the same.
    func leftovers() async throws -> [String] {
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
