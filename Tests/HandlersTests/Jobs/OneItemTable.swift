import HTTP
import JSON
import Synchronization
import TestSupport
import Time

@testable import AWSClients
@testable import Handlers

/// A DynamoDB that loses answers: its first write is answered with 500, each one after it with a failed condition.
/// A read finds `item`, or, without one, what the writes set `token` to.
final class OneItemTable: Sendable {
    private let server: ScriptedServer

    init(item: Item? = nil) throws {
        let writes = Writes()
        let item = try item.map { try AttributeValue.json($0) }
        let headers = ["Content-Type: application/x-amz-json-1.0"]
        server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                switch request.header("x-amz-target")?.split(separator: ".").last {
                case "GetItem":
                    try connection.respond(
                        headers: headers, body: (["Item": item ?? writes.token] as JSON).text)
                case "Query":
                    try connection.respond(headers: headers, body: #"{"Items":[],"Count":0}"#)
                default:
                    if writes.add(request.body) == 1 {
                        try connection.respond(
                            500, headers: headers, body: #"{"__type":"InternalServerError"}"#)
                    } else {
                        try connection.respond(
                            400, headers: headers, body: #"{"__type":"ConditionalCheckFailedException"}"#)
                    }
                }
            }
        }
    }

    /// A store on it, whose clock stands still.
    func store(clock: Timestamp = Sample.start) throws -> JobStore {
        let aws = AWSClient(
            http: HTTPClient(loop: testLoop),
            configuration: try AWSClient.Configuration(environment: [
                "AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.port)", "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            ]))
        return JobStore(DynamoDB(aws), table: "t", policy: JobPolicy(), clock: { clock })
    }
}

private final class Writes: Sendable {
    private let bodies = Mutex<[[UInt8]]>([])

    /// How many there are with this one.
    func add(_ body: [UInt8]) -> Int {
        bodies.withLock { bodies in
            bodies.append(body)
            return bodies.count
        }
    }

    /// An item with what the last `SET #name = :value` of the attribute `token` said.
    var token: JSON {
        guard let body = try? JSON(parsing: bodies.withLock { $0.last ?? [] }) else { return [:] }
        let names = body["ExpressionAttributeNames"]?.object ?? [:]
        let words = (body["UpdateExpression"]?.string ?? "").split { ", ".contains($0) }.map(String.init)
        for (placeholder, name) in names where name.string == "token" {
            if let at = words.firstIndex(of: placeholder), at + 2 < words.count {
                return ["token": body["ExpressionAttributeValues"]?[words[at + 2]] ?? .null]
            }
        }
        return [:]
    }
}
