import Crypto
import HTTP
import JSON
import LocalServer
import Time

/// Lambda's Runtime API 2018-06-01 for one execution environment: hands out one invocation at a time and takes its answer.
///
/// It knows nothing of processes: `ExecutionEnvironment` tells it when the one behind it is gone.
actor RuntimeAPI {
    /// 6 MB and what Lambda adds for its envelope; a larger answer is refused with 413.
    static let responseLimit = 6_291_556

    private static let root = "/2018-06-01/runtime/"

    private let loop: EventLoop
    private let timeout: Duration
    private let arn: String
    /// What the next `GET …/next` gets.
    private var assigned = Promise<Invocation>()
    private var running: Invocation?
    /// What the running invocation streams.
    private var stream: ResponseStream?
    private var endStatus: ChildProcess.ExitStatus?
    private var timer: Task<Void, any Error>?
    /// Called when an invocation ran out of time, before its caller learns of it; the environment then ends the process.
    private let onTimeout: @Sendable () -> Void
    /// Fulfilled by the first `/next`, or by an init error.
    nonisolated let started = Promise<FunctionFailure?>()

    init(
        for function: FunctionDefinition, on loop: EventLoop, onTimeout: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.onTimeout = onTimeout
        timeout = function.timeout
        arn = function.arn
    }

    /// Runs one invocation; the caller sees to it that none is running. The clock starts when the runtime takes it.
    func run(_ invocation: Invocation) async throws -> InvocationAnswer {
        if let failure = started.current ?? nil { return .outcome(.failure(failure)) }
        if let endStatus { return .outcome(.failure(.exited(endStatus, requestID: invocation.requestID))) }
        assigned.fulfill(invocation)
        return try await invocation.answer.value()
    }

    /// The process is gone: what it had, or was about to get, failed.
    func runtimeEnded(_ status: ChildProcess.ExitStatus) {
        endStatus = status
        timer?.cancel()
        for invocation in [running, assigned.current].compactMap(\.self) {
            end(invocation, .failure(.exited(status, requestID: invocation.requestID)))
        }
        (running, assigned) = (nil, Promise())
    }

    /// Fails what waits for the environment to come up.
    func initFailed(_ failure: FunctionFailure) {
        started.fulfill(failure)
        assigned.current?.answer.fulfill(.outcome(.failure(failure)))
    }

    // MARK: Requests

    /// One request of the runtime.
    func answer(_ request: ServerRequest) async -> ServerResponse {
        guard request.path.hasPrefix(Self.root) else { return .notFound(request.path) }
        let parts = request.path.dropFirst(Self.root.count).split(separator: "/").map(String.init)
        switch (request.method, parts.count) {
        case (.get, 2) where parts == ["invocation", "next"]:
            return await next()
        case (.post, 2) where parts == ["init", "error"]:
            initFailed(failure(in: request))
            return .accepted
        case (.post, 3) where parts[0] == "invocation" && parts[2] == "response" && Self.streams(request):
            return finish(parts[1], streamEnd(request))
        case (.post, 3) where parts[0] == "invocation" && parts[2] == "response":
            return take(response: request.body, of: parts[1])
        case (.post, 3) where parts[0] == "invocation" && parts[2] == "error":
            return finish(parts[1], .failure(failure(in: request)))
        default:
            return .notFound(request.path)
        }
    }

    private func next() async -> ServerResponse {
        started.fulfill(nil)
        if let running {
            // Without an answer it would never end: Lambda calls this an invalid transition of its state machine.
            _ = finish(
                running.requestID,
                .failure(
                    FunctionFailure(
                        type: "Runtime.InvalidResponse",
                        message:
                            "RequestId: \(running.requestID) Error: the runtime asked for the next invocation "
                            + "before it answered this one")))
        }
        guard let invocation = try? await assigned.value() else { return ServerResponse(status: 503) }
        assigned = Promise()
        running = invocation
        startTimer(for: invocation)
        let deadline = Timestamp.now + timeout
        return ServerResponse(
            headers: [
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": invocation.requestID,
                "Lambda-Runtime-Deadline-Ms": "\(deadline.milliseconds)",
                "Lambda-Runtime-Invoked-Function-Arn": arn,
                "Lambda-Runtime-Trace-Id": invocation.traceID,
            ], body: invocation.event)
    }

    private func startTimer(for invocation: Invocation) {
        let (loop, timeout) = (loop, timeout)
        timer = loop.task { [weak self] in
            try await loop.sleep(for: timeout)
            await self?.timeIsUp(for: invocation)
        }
    }

    private func timeIsUp(for invocation: Invocation) {
        guard running?.requestID == invocation.requestID else { return }
        running = nil
        onTimeout()
        end(invocation, .failure(.timedOut(after: timeout, requestID: invocation.requestID)))
    }

    // MARK: Streamed responses

    private static func streams(_ request: ServerRequest) -> Bool {
        request.headers["Lambda-Runtime-Function-Response-Mode"]?.lowercased() == "streaming"
    }

    /// Where the body of such a response goes as it comes. On the server's thread.
    nonisolated func receiver(of request: ServerRequest) -> ResponseStream? {
        guard request.method == .post, Self.streams(request) else { return nil }
        let stream = ResponseStream(
            contentType: request.headers["Content-Type"] ?? "application/octet-stream")
        let id = request.path.split(separator: "/").dropLast().last.map(String.init) ?? ""
        loop.task { await self.begin(stream, of: id) }
        return stream
    }

    private func begin(_ stream: ResponseStream, of id: String) {
        guard let running, running.requestID == id, self.stream == nil else { return }
        self.stream = stream
        running.answer.fulfill(.stream(stream))
    }

    /// The trailers tell of a failure midway.
    private func streamEnd(_ request: ServerRequest) -> InvocationOutcome {
        guard let type = request.trailers["Lambda-Runtime-Function-Error-Type"] else { return .response([]) }
        let document = request.trailers["Lambda-Runtime-Function-Error-Body"].flatMap { Base64.decode($0) }
        return .failure(FunctionFailure(reported: document ?? [], header: type))
    }

    /// Whoever waits for the invocation learns how it ended.
    private func end(_ invocation: Invocation, _ outcome: InvocationOutcome) {
        // True unless its answer has begun, and the stream is the rest of it.
        if invocation.answer.fulfill(.outcome(outcome)) { return }
        guard let stream else { return }
        self.stream = nil
        if case .failure(let failure) = outcome { stream.finish(failure) } else { stream.finish(nil) }
    }

    private func take(response body: [UInt8], of id: String) -> ServerResponse {
        guard body.count > Self.responseLimit else { return finish(id, .response(body)) }
        let answer = finish(id, .failure(.responseTooLarge(body.count, limit: Self.responseLimit)))
        return answer.status == 202
            ? .problem(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size") : answer
    }

    private func finish(_ id: String, _ outcome: InvocationOutcome) -> ServerResponse {
        guard let invocation = running, invocation.requestID == id else {
            return .problem(400, "InvalidRequestID", "Invalid request ID")
        }
        timer?.cancel()
        running = nil
        end(invocation, outcome)
        return .accepted
    }

    private func failure(in request: ServerRequest) -> FunctionFailure {
        FunctionFailure(
            reported: request.body, header: request.headers["Lambda-Runtime-Function-Error-Type"])
    }
}

extension ServerResponse {
    fileprivate static let accepted = json(202, ["status": "OK"])

    fileprivate static func notFound(_ path: String) -> ServerResponse {
        problem(404, "NotFound", "the Runtime API has no \(path)")
    }

    fileprivate static func problem(_ status: Int, _ type: String, _ message: String) -> ServerResponse {
        json(status, ["errorMessage": .string(message), "errorType": .string(type)])
    }

    /// A document.
    static func json(_ status: Int, _ document: JSON) -> ServerResponse {
        ServerResponse(
            status: status, headers: ["Content-Type": "application/json"], body: document.serialized())
    }
}
