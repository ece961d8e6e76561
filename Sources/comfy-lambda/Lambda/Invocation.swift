import Crypto
import JSON
import Time

/// One event on its way through a function.
struct Invocation: Sendable {
    let requestID: String
    let event: [UInt8]
    /// X-Ray's header.
    let traceID: String
    let answer = Promise<InvocationAnswer>()

    init(_ event: [UInt8], requestID: String = UUID.v4().description) {
        self.event = event
        self.requestID = requestID
        traceID = Self.newTraceID()
    }

    /// `Root=1-<seconds in hex>-<96 bits>;Parent=…;Sampled=0`.
    private static func newTraceID() -> String {
        let seconds = String(Timestamp.now.seconds, radix: 16)
        let random = Hex.encode(SecureRandom.bytes(20))
        return "Root=1-\(seconds)-\(random.prefix(24));Parent=\(random.suffix(16));Sampled=0"
    }
}

/// What an invocation is answered with: at once, or piece by piece.
enum InvocationAnswer: Sendable {
    case outcome(InvocationOutcome)
    case stream(ResponseStream)
}

/// How an invocation ended.
enum InvocationOutcome: Sendable, Hashable {
    /// The function's answer, any bytes.
    case response([UInt8])
    /// The function failed; Lambda calls this a function error, and the invocation itself a success.
    case failure(FunctionFailure)

    /// The document that Lambda's caller gets.
    var payload: [UInt8] {
        switch self {
        case .response(let bytes): bytes
        case .failure(let failure): failure.document
        }
    }
}

/// What a failed invocation's caller reads.
struct FunctionFailure: Error, Sendable, Hashable, CustomStringConvertible {
    let type: String
    let message: String
    /// `{"errorType": …, "errorMessage": …}` and what else the runtime wrote.
    let document: [UInt8]

    init(type: String, message: String) {
        self.type = type
        self.message = message
        let json: JSON = ["errorType": .string(type), "errorMessage": .string(message)]
        document = json.serialized()
    }

    /// As a runtime reported it; the header says the type where the document does not.
    init(reported document: [UInt8], header: String?) {
        let json = try? JSON(parsing: document)
        type = json?["errorType"]?.string ?? header ?? "Runtime.Unknown"
        message = json?["errorMessage"]?.string ?? "the runtime gave no message"
        self.document = document
    }

    var description: String { "\(type): \(message)" }

    /// The process went away while it had the invocation.
    static func exited(_ status: ChildProcess.ExitStatus, requestID: String) -> FunctionFailure {
        let reason: String =
            switch status {
            case .exited(0): "Runtime exited without providing a reason"
            default: "Runtime exited with error: \(status)"
            }
        return FunctionFailure(type: "Runtime.ExitError", message: "RequestId: \(requestID) Error: \(reason)")
    }

    /// The function's time was up.
    static func timedOut(after timeout: Duration, requestID: String) -> FunctionFailure {
        let milliseconds = timeout.milliseconds
        let hundredths = milliseconds % 1000 / 10
        let seconds = "\(milliseconds / 1000).\(hundredths < 10 ? "0" : "")\(hundredths)"
        return FunctionFailure(
            type: "Sandbox.Timedout",
            message: "RequestId: \(requestID) Error: Task timed out after \(seconds) seconds")
    }

    /// The answer was over Lambda's limit.
    static func responseTooLarge(_ size: Int, limit: Int) -> FunctionFailure {
        FunctionFailure(
            type: "Function.ResponseSizeTooLarge",
            message:
                "Response payload size (\(size) bytes) exceeded maximum allowed payload size (\(limit) bytes)."
        )
    }
}
