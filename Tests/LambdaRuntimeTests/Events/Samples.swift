import LambdaRuntime
import TestSupport

/// The recorded events of `Tests/Fixtures/events`.
enum Samples {
    /// What the templates of `sam/` leave open. Bodies there are said to be base64.
    private static let values = [
        "account_id": "123456789012", "accountId": "123456789012", "dns_suffix": "us-east-1.amazonaws.com",
        "method": "POST", "path": "path/to/resource", "stage": "prod", "resource": "/{proxy+}",
        "partition": "aws",
        "region": "us-east-1", "topic": "ExampleTopic", "queue_name": "MyQueue", "rule": "ExampleRule",
        "subject": "example subject", "message": "example message",
    ]

    /// The bytes of a sample, a template filled in. `body` stands for the template's body.
    static func bytes(_ name: String, body: String = "eyJ0ZXN0IjoiYm9keSJ9") throws -> [UInt8] {
        let bytes = try Fixtures.bytes("events/\(name)")
        guard name.hasPrefix("sam/") else { return bytes }
        var filled: [UInt8] = []
        var rest = bytes[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
            guard rest[open...].starts(with: "{{{".utf8),
                let close = rest[open...].firstIndex(of: UInt8(ascii: "}"))
            else {
                filled += rest[...open]
                rest = rest[(open + 1)...]
                continue
            }
            filled += rest[..<open]
            let key = String(decoding: rest[(open + 3)..<close], as: UTF8.self)
            filled += (key == "body" ? body : values[key] ?? "value of \(key)").utf8
            rest = rest[(close + 3)...]
        }
        return filled + rest
    }

    static func event(_ name: String) throws -> LambdaEvent { try LambdaEvent(decoding: bytes(name)) }

    /// Every file below `folder`.
    static func all(_ folder: String) throws -> [String] {
        try Fixtures.list("events/\(folder)").flatMap { name in
            name.hasSuffix(".json") ? ["\(folder)/\(name)"] : try all("\(folder)/\(name)")
        }
    }

    static func request(_ name: String) throws -> HTTPRequest { try request(decoding: bytes(name)) }

    static func request(decoding bytes: [UInt8]) throws -> HTTPRequest {
        guard case .http(let request) = try LambdaEvent(decoding: bytes) else { throw OtherKind() }
        return request
    }

    /// The sample is of another kind than the test takes it for.
    struct OtherKind: Error {}
}
