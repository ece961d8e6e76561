import Crypto
import HTTP
import Handlers
import JSON
import LambdaRuntime

/// An HTTP event from a file.
struct RecordedEvent: Sendable {
    let bytes: [UInt8]
    private let json: JSON
    private let name: String

    /// `name` is for complaints. The handlers get the bytes as they stand.
    init(_ bytes: [UInt8], name: String) throws(CommandFailure) {
        do {
            json = try JSON(parsing: bytes)
        } catch {
            throw CommandFailure("\(name) is no JSON: \(error)")
        }
        self.bytes = bytes
        self.name = name
    }

    /// The same event with another prompt in its body.
    func replacing(prompt: String) throws(CommandFailure) -> RecordedEvent {
        guard var event = json.object, let text = event["body"]?.string,
            let body = event["isBase64Encoded"]?.bool == true ? Base64.decode(text) : Array(text.utf8),
            var request = (try? JSON(parsing: body))?.object
        else {
            throw CommandFailure("\(name) is no HTTP event with a JSON body, so it has no prompt to replace.")
        }
        request["prompt"] = .string(prompt)
        event["body"] = .string(JSON.object(request).text)
        event["isBase64Encoded"] = false
        return try RecordedEvent(JSON.object(event).serialized(), name: name)
    }

    /// The handler that takes such an event: by the file's name (`02-dispatch-….json`), else by the event's shape; nil when
    /// neither says. With its name there, a file may hold anything.
    static func handler(of bytes: [UInt8], name: String) -> HandlerName? {
        let file = name.split(separator: "/").last ?? ""
        let words = file.split { $0 == "-" || $0 == "_" || $0 == "." }.prefix(2)
        for word in words { if let handler = HandlerName(rawValue: String(word)) { return handler } }
        return (try? JSON(parsing: bytes)).flatMap(handler(shapedLike:))
    }

    private static func handler(shapedLike json: JSON) -> HandlerName? {
        if json["requestContext"] != nil || json["httpMethod"] != nil { return .api }
        if json["detail-type"] != nil { return .sweep }
        guard let record = json["Records"]?[0] else { return nil }
        if record["EventSource"]?.string == "aws:sns" { return .notify }
        guard record["eventSource"]?.string == "aws:sqs" else { return nil }
        let queue = record["eventSourceARN"]?.string ?? ""
        return queue.contains("notify") ? .notify : .dispatch
    }
}
