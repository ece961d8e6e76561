import Crypto
import Glibc
import HTTP
import JSON
import Telemetry

/// What an invocation's error document says.
///
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror
public struct FunctionError: Error, Sendable {
    /// `Category.Reason`, such as `Runtime.InvalidHandler`.
    public var type: String
    /// A sentence for whoever reads the log. Nothing secret: the caller of a synchronous invocation sees it.
    public var message: String
    /// Where it comes from, `Module/File.swift:line` each, the innermost first; empty for an error of another type, which Swift gives no
    /// trace of.
    public var stackTrace: [String]

    /// An error with a type of one's own; its trace is the line that makes it.
    public init(type: String, message: String, file: String = #fileID, line: Int = #line) {
        self.type = type
        self.message = message
        stackTrace = ["\(file):\(line)"]
    }

    /// Any error: itself when it is a `FunctionError`, else one under the name of its Swift type.
    init(_ error: any Error) {
        if let known = error as? FunctionError {
            self = known
        } else {
            // It was not written for the caller, who sees it: what looks like a secret is taken out.
            self.init(type: "Function.\(Swift.type(of: error))", message: Redaction.redact("\(error)"))
            stackTrace = []
        }
    }

    /// Longer messages are cut: Lambda takes neither a header nor a document without bound.
    private static let messageLimit = 64 << 10

    /// The document for `/error` and `/init/error`.
    var document: [UInt8] {
        let json: JSON = [
            "errorType": .string(type), "errorMessage": .string(Self.cut(message, Self.messageLimit)),
            "stackTrace": .array(stackTrace.map { .string($0) }),
        ]
        return json.serialized()
    }

    /// What goes along with the document.
    var headers: HTTPHeaders {
        [
            "Content-Type": "application/vnd.aws.lambda.error+json",
            "Lambda-Runtime-Function-Error-Type": headerType,
        ]
    }

    /// What ends a streamed response that failed midway.
    var trailers: HTTPHeaders {
        [
            "Lambda-Runtime-Function-Error-Type": headerType,
            "Lambda-Runtime-Function-Error-Body": Base64.encode(document),
        ]
    }

    /// The type as a header's value: visible ASCII only.
    private var headerType: String {
        String(decoding: type.utf8.filter { (0x21...0x7E).contains($0) }.prefix(256), as: UTF8.self)
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        text.utf8.count <= limit ? text : String(decoding: text.utf8.prefix(limit), as: UTF8.self) + " …"
    }
}

extension FunctionError {
    /// What X-Ray shows of the failure, in the form that AWS's own runtimes send it. Lambda takes 1 MB at most; this is far less.
    var xrayCause: String {
        let frames = stackTrace.prefix(64).map { place -> JSON in
            let parts = place.split(separator: ":")
            return [
                "path": .string(String(parts.first ?? "")),
                "line": .number(parts.count > 1 ? Int(parts[1]) ?? 0 : 0), "label": "",
            ]
        }
        let cause: JSON = [
            "working_directory": .string(Self.workingDirectory),
            "exceptions": [
                [
                    "type": .string(Self.cut(type, 256)), "message": .string(Self.cut(message, 4 << 10)),
                    "stack": .array(frames),
                ]
            ],
            "paths": .array(frames.compactMap { $0["path"] }),
        ]
        return Self.escaped(cause.text)
    }

    /// A header's value is ASCII; JSON has an escape for everything else.
    private static func escaped(_ json: String) -> String {
        var text = ""
        for unit in json.utf16 {
            if (0x20...0x7E).contains(unit) {
                text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            } else {
                let hex = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            }
        }
        return text
    }

    private static var workingDirectory: String {
        guard let path = unsafe getcwd(nil, 0) else { return "" }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}
