import AWSClients
import Crypto
import HTTP
import JSON

/// `bare COMFYUI TABLE BUCKET TOPIC`: for each prompt id that comes on standard input, the calls that a finished run
/// needs at least, one after another, and the milliseconds that they took: `/history`, `/view`, S3 PutObject,
/// DynamoDB UpdateItem, SNS Publish. Connections stay open, as dispatch's do. The item and its update have the attributes
/// of a job's that completes: a local DynamoDB's time goes with their number.
@main enum Bare {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5 else { fatalError("usage: bare COMFYUI TABLE BUCKET TOPIC") }
        let (worker, table, bucket, topic) = (arguments[1], arguments[2], arguments[3], arguments[4])
        let loop = EventLoop()
        try loop.run {
            let http = HTTPClient(loop: loop)
            let client = AWSClient(
                http: http, configuration: try AWSClient.Configuration(environment: Environment.variables))
            let (s3, dynamoDB, sns) = (S3(client), DynamoDB(client), SNS(client))
            let clock = ContinuousClock()
            while let id = readLine() {
                try await dynamoDB.put(Self.running(id), into: table)
                let start = clock.now
                let history = try JSON(parsing: try await get(http, "\(worker)/history/\(id)"))
                var file: JSON?
                for (_, output) in history[id]?["outputs"]?.object ?? [:] {
                    file = output["images"]?[0] ?? file
                }
                guard let name = file?["filename"]?.string, let folder = file?["subfolder"]?.string else {
                    fatalError("no picture in the history")
                }
                let escaped = folder.split(separator: "/").joined(separator: "%2F")
                let bytes = try await get(
                    http, "\(worker)/view?filename=\(name)&subfolder=\(escaped)&type=output")
                let key = "outputs/bare/\(id)/1/0.png"
                try await s3.put(bytes, bucket: bucket, key: key, options: .init(contentType: "image/png"))
                try await dynamoDB.update(
                    ["pk": .s("JOB#\(id)"), "sk": .s("JOB")], in: table,
                    Self.completion(key: key, bytes: bytes.count),
                    condition: .and([
                        .equals("state", .s("running")), .equals("version", .n(2)), .equals("token", .s("t")),
                    ]), returning: .allNew)
                let message = #"{"job_id":"\#(id)","status":"completed","outputs":[{"key":"\#(key)"}]}"#
                try await sns.publish(
                    message, to: topic,
                    attributes: [
                        "event": .string("job.completed"), "status": .string("completed"),
                        "user_id": .string("bare"), "priority": .number("5"),
                    ])
                print((clock.now - start) / .milliseconds(1))
                Environment.flush()
            }
        }
    }

    private static func running(_ id: String) -> Item {
        [
            "pk": .s("JOB#\(id)"), "sk": .s("JOB"), "schema": .n(1), "user": .s("bare"),
            "state": .s("running"),
            "version": .n(2), "priority": .n(5), "created_at": .n(1), "queued_at": .n(1), "started_at": .n(1),
            "attempt": .n(1), "timeout_seconds": .n(600), "execution_mode": .s("sequential"),
            "token": .s("t"),
            "worker": .s("w"), "slot": .n(0), "prompt_id": .s(id), "client_id": .s(id),
            "last_worker": .s("w"),
            "attempts": .l([.m(["worker": .s("w"), "started_at": .n(1)])]), "user_pk": .s("bare"),
            "user_sk": .s(id), "user_status_pk": .s("bare#running"), "user_status_sk": .s(id),
            "open_pk": .s("OPEN#0"), "open_sk": .s("9"),
        ]
    }

    private static func completion(key: String, bytes: Int) -> [Update] {
        let output: Item = [
            "index": .n(0), "node": .s("6"), "kind": .s("image"), "name": .s("a.png"),
            "type": .s("image/png"),
            "bytes": .n(bytes), "sha256": .s(String(repeating: "0", count: 64)), "key": .s(key),
            "width": .n(512), "height": .n(512),
        ]
        let attempt: Item = ["worker": .s("w"), "started_at": .n(1), "ended_at": .n(2)]
        return [
            .set("attempts", .l([.m(attempt)])), .set("completed_at", .n(2)),
            .set("expires_at", .n(9_999_999_999)),
            .set("notification_pending", .bool(true)), .set("open_sk", .s("8")), .set("output_count", .n(1)),
            .set("outputs", .l([.m(output)])), .set("state", .s("completed")),
            .set("user_status_pk", .s("bare#completed")), .set("version", .n(3)), .remove("client_id"),
            .remove("prompt_id"), .remove("slot"), .remove("token"), .remove("worker"),
        ]
    }

    private static func get(_ http: HTTPClient, _ address: String) async throws -> [UInt8] {
        guard let url = URL(address) else { fatalError("no address: \(address)") }
        var request = HTTPClient.Request(.get, url)
        request.responseLimit = 64 << 20
        return try await http.send(request).body
    }
}
