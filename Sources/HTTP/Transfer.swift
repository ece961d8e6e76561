internal import CCurl

/// One exchange on a loop, from start to end; what libcurl calls back goes through it.
///
/// `@unchecked Sendable`: all of it is used on the loop's thread only.
final class Transfer: TransferDelegate, @unchecked Sendable {
    /// Of a response nobody reads at the moment, before the transfer is paused.
    private static let streamBuffer = 256 << 10

    private let request: HTTPClient.Request
    private let pool: HandlePool
    private let isStreaming: Bool
    private var easy: EasyHandle?
    private let upload: UploadSource?

    private var reader = ResponseHeadReader()
    private var body: [UInt8] = []
    private var bodySize = 0
    /// The reason when a callback of this class ended the transfer.
    private var ownFailure: (code: HTTPError.Code, reason: String)?
    /// nil while it runs.
    private var end: Result<Void, HTTPError>?
    private var redirectTarget: String?

    private var receivingIsPaused = false
    private var sendingIsPaused = false
    private var idleTimer: TimerQueue.ID?
    /// Kept while there is an idle limit.
    private var lastActivity: ContinuousClock.Instant?
    /// Looks whether what it waits for has come, and if so takes it.
    private var waiter: ((Transfer) -> Bool)?
    /// Who waits for the end and for nothing before it.
    private var completion: CheckedContinuation<Void, Never>?

    private var loop: EventLoop { pool.loop }
    var url: URL { request.url }

    init(_ request: HTTPClient.Request, pool: HandlePool, isStreaming: Bool, upload: UploadSource?) {
        self.request = request
        self.pool = pool
        self.isStreaming = isStreaming
        self.upload = upload
    }

    // MARK: Start and end

    /// Once. Nothing happens when `cancel` came first.
    func start() {
        guard end == nil else { return }
        let easy = request.trailers == nil ? pool.take() : pool.make()
        self.easy = easy
        easy.delegate = self
        easy.prepare(for: request, pool.configuration)
        if let upload {
            upload.wake = { [unowned self] in
                sendingIsPaused = false
                resumeFlow()
            }
        }
        guard loop.multi.add(easy) else {
            end(.failure(failure(.invalidRequest, "libcurl refused the transfer")))
            return
        }
        if let idle = request.timeouts.idle {
            let now = ContinuousClock.now
            lastActivity = now
            armIdleTimer(idle, since: now)
        }
    }

    func finished(_ easy: EasyHandle, _ code: CURLcode) {
        if code == CURLE_OK {
            // libcurl calls it a success when the connection ends inside the head.
            guard reader.isComplete else {
                return end(.failure(failure(.truncated, "the connection ended inside the response's head")))
            }
            if request.maximumRedirects > 0 { redirectTarget = easy.text(CURLINFO_REDIRECT_URL) }
            end(.success(()))
        } else {
            end(.failure(failure(easy, code)))
        }
    }

    func abandoned(_ easy: EasyHandle) { cancel() }

    /// Ends it at once; nothing when it has ended.
    func cancel() {
        end(.failure(failure(.cancelled, "the task was cancelled")))
    }

    private func end(_ result: Result<Void, HTTPError>) {
        guard end == nil else { return }
        end = result
        upload?.close()
        if let idleTimer { loop.cancelTimer(idleTimer) }
        if let easy {
            pool.countConnections(easy.number(CURLINFO_NUM_CONNECTS))
            loop.multi.remove(easy)
            easy.delegate = nil
            self.easy = nil
            if request.trailers == nil { pool.give(easy) }
        }
        notify()
    }

    // MARK: Failures

    private func failure(_ code: HTTPError.Code, _ reason: String) -> HTTPError {
        HTTPError(code, request.url, reason, mayHaveBeenSent: (easy?.number(CURLINFO_REQUEST_SIZE) ?? 0) > 0)
    }

    private func failure(_ easy: EasyHandle, _ code: CURLcode) -> HTTPError {
        if let error = upload?.error {
            return HTTPError(
                .bodySource, request.url, "the request's body could not be read", underlying: error,
                mayHaveBeenSent: easy.number(CURLINFO_REQUEST_SIZE) > 0)
        }
        if let ownFailure { return failure(ownFailure.code, ownFailure.reason) }
        if code == CURLE_OPERATION_TIMEDOUT, let limit = request.timeouts.connect,
            easy.offset(CURLINFO_PRETRANSFER_TIME_T) == 0,
            easy.offset(CURLINFO_TOTAL_TIME_T) >= limit.clampedMilliseconds * 1000
        {
            return failure(.connectTimeout, easy.reason(code))
        }
        return failure(HTTPError.Code(code), easy.reason(code))
    }

    // MARK: Idle limit

    private func armIdleTimer(_ limit: Duration, since last: ContinuousClock.Instant) {
        idleTimer = loop.addTimer(at: last.advanced(by: limit)) { [unowned self] in
            let now = ContinuousClock.now
            // Connecting has a limit of its own, and while this side holds the transfer up the peer cannot be idle.
            if receivingIsPaused || sendingIsPaused || easy?.offset(CURLINFO_PRETRANSFER_TIME_T) == 0 {
                lastActivity = now
            }
            let last = lastActivity ?? now
            if last.duration(to: now) < limit {
                armIdleTimer(limit, since: last)
            } else {
                end(.failure(failure(.idleTimeout, "no byte came or went for \(limit)")))
            }
        }
    }

    private func noteActivity() {
        if request.timeouts.idle != nil { lastActivity = loop.turnBegan }
    }

    // MARK: What libcurl calls

    func receive(headerLine: UnsafeRawBufferPointer) -> Bool {
        noteActivity()
        switch unsafe reader.read(headerLine.assumingMemoryBound(to: UInt8.self).span) {
        case .more: return true
        case .complete: return startBody()
        case .tooLarge:
            ownFailure = (.responseTooLarge, "the response's head is too large")
            return false
        }
    }

    private func startBody() -> Bool {
        if request.method != .head, let length = reader.head?.headers["content-length"].flatMap({ Int($0) }) {
            if length > request.responseLimit, !request.acceptsGzip {
                return refuseBody()
            }
            if !isStreaming { body.reserveCapacity(min(length, 1 << 20)) }
        }
        notify()
        return true
    }

    private func refuseBody() -> Bool {
        ownFailure = (.responseTooLarge, "the response's body is over \(request.responseLimit) bytes")
        return false
    }

    func receive(body piece: UnsafeRawBufferPointer) -> EasyHandle.Reception {
        noteActivity()
        if isStreaming, body.count >= Self.streamBuffer {
            receivingIsPaused = true
            return .pause
        }
        let count = piece.count
        guard count <= request.responseLimit - bodySize else {
            _ = refuseBody()
            return .stop
        }
        bodySize += count
        unsafe body.append(contentsOf: piece)
        if isStreaming { notify() }
        return .taken
    }

    func fill(_ room: UnsafeMutableRawBufferPointer) -> EasyHandle.Supply {
        noteActivity()
        guard let upload else { return .end }
        let supply = unsafe upload.fill(room)
        if case .pause = supply { sendingIsPaused = true }
        return supply
    }

    func rewind() -> Bool { upload?.rewind() ?? false }

    func trailers() -> HTTPHeaders {
        guard let trailers = request.trailers?() else { return [:] }
        guard trailers.firstInvalidName == nil else { return [:] }
        return trailers
    }

    // MARK: What the tasks call

    /// Calls `isSatisfied` now and after each change until it says true. One waiter at a time.
    func wait(_ isSatisfied: @escaping (Transfer) -> Bool) {
        precondition(waiter == nil, "a response has one reader at a time")
        if !isSatisfied(self) { waiter = isSatisfied }
    }

    /// Resumes when the transfer has ended; `takeResponse` then has the result, on any thread.
    func resumeAtEnd(_ continuation: CheckedContinuation<Void, Never>) {
        if end == nil { completion = continuation } else { continuation.resume() }
    }

    private func notify() {
        if end != nil, let completion {
            self.completion = nil
            completion.resume()
        }
        // Out of the way while it looks: what it takes can let more in, which notifies again.
        guard let waiter else { return }
        self.waiter = nil
        if !waiter(self) { self.waiter = waiter }
    }

    /// The whole response of a transfer that has ended, and where it leads.
    func takeResponse() throws(HTTPError) -> (response: HTTPClient.Response, redirect: String?) {
        try end?.get()
        guard end != nil, let head = reader.head else { throw failure(.receive, "no response head") }
        let response = HTTPClient.Response(status: head.status, headers: head.headers, body: body)
        body = []
        return (response, redirectTarget)
    }

    typealias Head = (head: HTTPClient.ResponseHead, redirect: String?)

    /// The head, as soon as it is known that it is the last one; after the end when it may be a redirect. One whose body was cut is
    /// a head all the same, however late it is asked for: the body has the failure, behind what came of it.
    func takeHead() -> Result<Head, HTTPError>? {
        let head = reader.isComplete ? reader.head : nil
        let mayRedirect =
            request.maximumRedirects > 0 && head.map { (300..<400).contains($0.status) } ?? false
        if case .failure(let error) = end, head == nil || mayRedirect || !error.isOfBody {
            return .failure(error)
        }
        guard let head, end != nil || !mayRedirect else { return nil }
        return .success((head, redirectTarget))
    }

    /// What has come of the body: nil inside success at its end.
    func takePiece() -> Result<[UInt8]?, HTTPError>? {
        if body.isEmpty { return end.map { $0.map { nil } } }
        let piece = body
        body = []
        if receivingIsPaused {
            receivingIsPaused = false
            resumeFlow()
        }
        return .success(piece)
    }

    private func resumeFlow() {
        guard let easy, end == nil else { return }
        let code = easy.pause(receiving: receivingIsPaused, sending: sendingIsPaused)
        if code != CURLE_OK { finished(easy, code) }
    }
}

extension HTTPError {
    /// The connection ended; where the head is there, within the body.
    fileprivate var isOfBody: Bool { code == .truncated || code == .receive }
}
