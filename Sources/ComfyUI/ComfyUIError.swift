internal import HTTP
public import JSON

/// Why a worker did not do what it was asked. Holds no address of it: that stays in `underlying`.
public struct ComfyUIError: Error, Sendable, CustomStringConvertible {
    /// Grows: switch with a default.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// Its name in logs.
        public let rawValue: String
        /// A code of any name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// 400 with node errors, or 200 with dropped outputs.
        public static let rejected = Code(rawValue: "rejected")
        /// Not reachable, time-out, connection lost, or a proxy that says so (502, 503, 504).
        public static let unreachable = Code(rawValue: "unreachable")
        /// An answer that is none of ComfyUI's, or another 5xx.
        public static let unexpectedAnswer = Code(rawValue: "unexpectedAnswer")
        /// 404: no such file, or no ComfyUI at that address.
        public static let notFound = Code(rawValue: "notFound")
        /// The request (413) or its answer is over a limit.
        public static let tooLarge = Code(rawValue: "tooLarge")
        /// The task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
    }

    /// What kind of failure.
    public var code: Code
    /// One sentence without address, path or traceback.
    public var message: String
    /// When rejected: `{"errors": [{node_id, class_type, input, code, message}]}`, bounded and redacted.
    public var details: JSON?
    /// The HTTP status, when there was an answer.
    public var status: Int?
    /// The HTTP client's error, which names the address.
    public var underlying: (any Error)?
    /// The prompt may have been queued all the same (500, connection lost after sending): look into `/queue`
    /// and `/history` before sending again.
    public var mayHaveBeenQueued: Bool

    /// An error by its parts.
    public init(
        _ code: Code, _ message: String, details: JSON? = nil, status: Int? = nil,
        underlying: (any Error)? = nil,
        mayHaveBeenQueued: Bool = false
    ) {
        self.code = code
        self.message = message
        self.details = details
        self.status = status
        self.underlying = underlying
        self.mayHaveBeenQueued = mayHaveBeenQueued
    }

    /// `ComfyUI unreachable: …`.
    public var description: String { "ComfyUI \(code.rawValue): \(message)" }

    /// A failed exchange. `what` completes "… failed": "POST /prompt".
    init(_ error: HTTPError, _ what: String, isSubmission: Bool = false) {
        let code: Code =
            switch error.code {
            case .cancelled: .cancelled
            case .responseTooLarge: .tooLarge
            default: .unreachable
            }
        self.init(
            code, "\(what) failed (\(error.code.rawValue)).", underlying: error,
            mayHaveBeenQueued: isSubmission && error.mayHaveBeenSent)
    }

    /// An answer with a status that the route does not give when all is well.
    init(status: Int, _ what: String, isSubmission: Bool = false) {
        let code: Code =
            switch status {
            case 404: .notFound
            case 413: .tooLarge
            case 502, 503, 504: .unreachable
            default: .unexpectedAnswer
            }
        self.init(
            code, "\(what) was answered with status \(status).", status: status,
            mayHaveBeenQueued: isSubmission && status >= 500)
    }
}
