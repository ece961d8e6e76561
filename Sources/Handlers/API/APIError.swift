import HTTP
import JSON

/// An answer that is no success: `{"error": {code, message, details, request_id}}`. Nothing internal may be put into one.
struct APIError: Error, Sendable {
    /// What a program tells the errors apart by; each has its one status.
    enum Code: String, Sendable, CaseIterable {
        case invalidJSON = "INVALID_JSON"
        case validationError = "VALIDATION_ERROR"
        case invalidWorkflow = "INVALID_WORKFLOW"
        case unauthenticated = "UNAUTHENTICATED"
        case forbidden = "FORBIDDEN"
        case notFound = "NOT_FOUND"
        case methodNotAllowed = "METHOD_NOT_ALLOWED"
        case conflict = "CONFLICT"
        case payloadTooLarge = "PAYLOAD_TOO_LARGE"
        case unsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
        case idempotencyMismatch = "IDEMPOTENCY_MISMATCH"
        case rateLimited = "RATE_LIMITED"
        case quotaExceeded = "QUOTA_EXCEEDED"
        case `internal` = "INTERNAL"
        case workerError = "WORKER_ERROR"
        case serviceUnavailable = "SERVICE_UNAVAILABLE"
        case timeout = "TIMEOUT"

        var status: Int {
            switch self {
            case .invalidJSON, .validationError, .invalidWorkflow: 400
            case .unauthenticated: 401
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .conflict: 409
            case .payloadTooLarge: 413
            case .unsupportedMediaType: 415
            case .idempotencyMismatch: 422
            case .rateLimited, .quotaExceeded: 429
            case .internal: 500
            case .workerError: 502
            case .serviceUnavailable: 503
            case .timeout: 504
            }
        }
    }

    var code: Code
    /// One sentence for a person.
    var message: String
    var details: JSON?
    /// Headers that belong to this error (`Allow`, `Retry-After`, `WWW-Authenticate`).
    var headers: HTTPHeaders

    init(_ code: Code, _ message: String, details: JSON? = nil, headers: HTTPHeaders = [:]) {
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers
    }

    func json(requestID: String) -> JSON {
        [
            "error": [
                "code": .string(code.rawValue), "message": .string(message),
                "details": details ?? .null, "request_id": .string(requestID),
            ]
        ]
    }
}

extension APIError {
    static let noSuchJob = APIError(.notFound, "There is no such job.")

    /// For trouble that is not the client's and passes by itself.
    static func unavailable(_ message: String, details: JSON? = nil) -> APIError {
        APIError(.serviceUnavailable, message, details: details, headers: ["Retry-After": "5"])
    }
}
