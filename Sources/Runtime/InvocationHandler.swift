import JSON
import Telemetry

/// A function: raw bytes in and out.
///
/// A thrown `FunctionError` becomes the invocation's error as it is; any other error under its type's name. Neither
/// ends the process.
public protocol InvocationHandler: Sendable {
    /// Answers one event before the context's deadline.
    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8]
}

/// What an invocation's error document says.
public struct FunctionError: Error, Sendable {
    /// `Category.Reason`, such as `Runtime.InvalidHandler`.
    public var type: String
    /// A sentence for whoever reads the log. Nothing secret: the caller of a synchronous invocation sees it.
    public var message: String

    /// An error with a type of one's own.
    public init(type: String, message: String) {
        self.type = type
        self.message = message
    }

    /// Any error: its own type when it is a `FunctionError`, else the name of its Swift type.
    init(_ error: any Error) {
        if let known = error as? FunctionError {
            self = known
        } else {
            // It was not written for the caller, who sees it: what looks like a secret is taken out.
            self.init(type: "Function.\(Swift.type(of: error))", message: Redaction.redact("\(error)"))
        }
    }

    /// The document for `/error` and `/init/error`.
    var document: [UInt8] {
        let json: JSON = [
            "errorType": .string(type), "errorMessage": .string(message), "stackTrace": [],
        ]
        return json.serialized()
    }

    /// The type as a header's value: visible ASCII only.
    var headerValue: String {
        String(decoding: type.utf8.filter { (0x21...0x7E).contains($0) }.prefix(256), as: UTF8.self)
    }
}
