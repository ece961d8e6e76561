import Crypto
import HTTP
public import JSON

/// Lambda (REST with JSON, version 2015-03-31).
public struct Lambda: Sendable {
    /// Of a request and its answer: about 6 MB.
    static let maximumPayload = 6_291_556
    /// Of an event that is queued.
    static let maximumEvent = 1 << 20

    let client: AWSClient

    /// Calls through a client.
    public init(_ client: AWSClient) { self.client = client }

    /// Runs a function, given by its name or ARN, and gives its answer. `timeout` is the function's own at least. A
    /// retry may run it twice: let it be idempotent.
    /// - Throws: `functionFailed` where the function itself failed, with its answer in `AWSError.functionErrorPayload`.
    public func invoke(
        _ function: String, _ payload: [UInt8], qualifier: String? = nil, timeout: Duration = .seconds(60)
    ) async throws(AWSError) -> [UInt8] {
        var call = try Self.call(function, payload, "RequestResponse", qualifier, Self.maximumPayload)
        call.longPoll = timeout
        return try await client.send(call) { response throws(AWSError) in
            guard let kind = response.headers["x-amz-function-error"] else { return response.body }
            let payload = try? JSON(parsing: response.body, maximumDepth: 64)
            let words = [payload?["errorType"]?.string ?? kind, payload?["errorMessage"]?.string]
            var error = call.operation.error(
                .functionFailed, words.compactMap(\.self).joined(separator: ": "))
            error.details = payload
            throw error
        }
    }

    /// Queues an event for a function and does not wait for what comes of it.
    public func invokeAsEvent(
        _ function: String, _ payload: [UInt8], qualifier: String? = nil
    ) async throws(AWSError) {
        let call = try Self.call(function, payload, "Event", qualifier, Self.maximumEvent)
        try await client.send(call) { _ in }
    }

    /// The variables that a function's configuration has for it; empty where it has none. Its secrets are among them.
    public func environment(
        of function: String, qualifier: String? = nil
    ) async throws(AWSError) -> [String: String] {
        let operation = Operation(.lambda, "GetFunctionConfiguration")
        let call = try Self.call(operation, .get, function, "configuration", qualifier)
        return try await client.send(call) { response throws(AWSError) in
            guard let document = try? JSON(parsing: response.body), document.object != nil else {
                throw operation.malformed("the answer is no JSON object")
            }
            if let error = document["Environment"]?["Error"]?["Message"]?.string {
                throw operation.error(.unreadableEnvironment, error)
            }
            let variables = document["Environment"]?["Variables"]?.object ?? [:]
            return Dictionary(
                variables.compactMap { name, value in value.string.map { (name, $0) } }
            ) { $1 }
        }
    }

    private static func call(
        _ function: String, _ payload: [UInt8], _ type: String, _ qualifier: String?, _ maximum: Int
    ) throws(AWSError) -> Call {
        let operation = Operation(.lambda, "Invoke")
        if payload.count > maximum {
            throw operation.invalid("a payload of \(payload.count) bytes; at most \(maximum) are allowed")
        }
        var call = try call(operation, .post, function, "invocations", qualifier)
        call.headers = ["content-type": "application/json", "x-amz-invocation-type": type]
        call.body = .bytes(payload)
        return call
    }

    private static func call(
        _ operation: Operation, _ method: HTTPMethod, _ function: String, _ resource: String,
        _ qualifier: String?
    ) throws(AWSError) -> Call {
        guard (1...256).contains(function.utf8.count),
            function.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw operation.invalid(
                "the function \"\(function)\" is no name or ARN of 1 to 256 printable ASCII characters")
        }
        var call = Call(operation, method)
        call.path = "/2015-03-31/functions/\(URL.percentEncode(function))/\(resource)"
        if let qualifier { call.query = [("Qualifier", qualifier)] }
        return call
    }
}

extension AWSError {
    /// Of `functionFailed`: what the function answered (`errorType`, `errorMessage`, `stackTrace`), if it was JSON.
    public var functionErrorPayload: JSON? { code == .functionFailed ? details : nil }
}

extension AWSError.Code {
    /// Ours: Lambda ran the function, and the function failed.
    public static let functionFailed = AWSError.Code(rawValue: "comfy.FunctionFailed")
    /// Ours: Lambda cannot decrypt a function's variables for the caller.
    public static let unreadableEnvironment = AWSError.Code(rawValue: "comfy.UnreadableEnvironment")
}
