public import HTTP

/// Watches one prompt to its end: the socket for progress, `/history` as the truth. A socket that hears nothing
/// costs at most `silence`.
public struct ExecutionWatcher: Sendable {
    /// What became of the prompt.
    public enum End: Sendable {
        /// It stands in the history, well or not.
        case finished(HistoryEntry)
        /// Neither in queue nor in history, asked twice: the worker was restarted, or it was deleted while
        /// waiting, which leaves no trace.
        case lost
    }

    /// Without a frame about our prompt for this long, `/history` is asked and the socket opened anew.
    public var silence: Duration = .seconds(10)
    /// Between two questions about something that may come a moment later.
    public var moment: Duration = .milliseconds(250)

    private let client: ComfyUIClient
    private let loop: EventLoop
    private let promptID: String
    private let clientID: String
    private let wantsPreviews: Bool
    private var socket: WebSocket?

    /// Nothing happens before `open` or `watch`. `wantsPreviews`: the worker is asked to say which node a preview is of.
    public init(
        client: ComfyUIClient, loop: EventLoop, promptID: String, clientID: String,
        wantsPreviews: Bool = false
    ) {
        self.client = client
        self.loop = loop
        self.promptID = promptID
        self.clientID = clientID
        self.wantsPreviews = wantsPreviews
    }

    /// Opens the socket (await this before submitting, so that nothing is missed). A failure to open is no
    /// failure of the watch. Of a prompt sent earlier leave it out: `watch` then opens one and asks `/history`
    /// at once, as the end may have come before.
    public mutating func open() async {
        guard socket == nil else { return }
        socket = try? await client.events(clientID: clientID)
        // ComfyUI hears it as a socket's first message only. A failure shows when the socket is read.
        if wantsPreviews { try? await socket?.send(.text(Self.previewFeature)) }
    }

    private static let previewFeature =
        #"{"type":"feature_flags","data":{"supports_preview_metadata":true}}"#

    /// Closes the socket that `open` opened: for when nothing was submitted in the end. `watch` does it by itself.
    public mutating func close() async {
        // Out of the variable first: while it closes, nobody may think that it is open.
        let closing = socket
        socket = nil
        await closing?.close()
    }

    /// Waits for the end of the prompt, handing every frame about it to `onEvent` on the way, and previews, where they are wanted, to
    /// `onPreview`: both keep the next frame waiting.
    ///
    /// Throws `unreachable` when the worker does not answer for `patience`, and `cancelled`. Always closes its
    /// socket; of a prompt that has finished nobody opens another, so that its end does not wait for the peer's
    /// goodbye. Whether the prompt runs too long is the caller's to decide.
    public mutating func watch(
        patience: Duration, onPreview: @Sendable (PreviewFrame) async -> Void = { _ in },
        onEvent: @Sendable (ExecutionEvent) async -> Void
    ) async throws(ComfyUIError) -> End {
        do {
            let end = try await watchOpen(patience, onPreview, onEvent)
            if case .finished = end, let closing = socket {
                socket = nil
                loop.task { await closing.close() }
            }
            await close()
            return end
        } catch {
            await close()
            throw error
        }
    }

    private mutating func watchOpen(
        _ patience: Duration, _ onPreview: @Sendable (PreviewFrame) async -> Void,
        _ onEvent: @Sendable (ExecutionEvent) async -> Void
    ) async throws(ComfyUIError) -> End {
        // A socket that was not open when the prompt was sent may have missed its end.
        if socket == nil {
            await open()
            if let end = try await look(patience) { return end }
        }
        while true {
            if socket != nil {
                try await listen(onPreview, onEvent)
            } else {
                try await pause(min(silence, .seconds(1)))
            }
            if let end = try await look(patience) { return end }
            // Close, then reconnect: with two sockets of one id the newer would hear nothing.
            await close()
            await open()
            if let end = try await look(patience) { return end }
        }
    }

    /// Hands on frames until our run is over, the socket closes or is silent about us.
    private func listen(
        _ onPreview: @Sendable (PreviewFrame) async -> Void,
        _ onEvent: @Sendable (ExecutionEvent) async -> Void
    ) async throws(ComfyUIError) {
        guard let socket else { return }
        var deadline = ContinuousClock.now + silence
        while let message = try await receive(socket, until: deadline) {
            guard case .text(let text) = message else {
                // Previews come to our id only.
                deadline = ContinuousClock.now + silence
                if wantsPreviews, case .binary(let bytes) = message, let preview = PreviewFrame(frame: bytes),
                    preview.promptID ?? promptID == promptID
                {
                    await onPreview(preview)
                }
                continue
            }
            guard let event = ExecutionEvent(frame: text), isOurs(event) else { continue }
            deadline = ContinuousClock.now + silence
            await onEvent(event)
            if case .executing(_, nil) = event { return }
        }
    }

    /// Without a prompt id a frame of `executing` is ours too: the client id is this prompt's alone.
    private func isOurs(_ event: ExecutionEvent) -> Bool {
        if case .executing(nil, _) = event { return true }
        return event.promptID == promptID
    }

    /// nil for silence, a closed socket and any trouble of it: all of them mean to ask `/history`.
    private func receive(
        _ socket: WebSocket, until deadline: ContinuousClock.Instant
    ) async throws(ComfyUIError) -> WebSocket.Message? {
        let remaining = deadline - .now
        guard remaining > .zero else { return nil }
        do {
            return try await withDeadline(remaining, on: loop) { try await socket.receive() }
        } catch {
            if Task.isCancelled { throw Self.cancelled }
            return nil
        }
    }

    /// The end, when there is one: what `/history` says, or that neither it nor `/queue` knows the prompt any
    /// more. Goes on asking while the worker does not answer, for as long as `patience`.
    private func look(_ patience: Duration) async throws(ComfyUIError) -> End? {
        let giveUp = ContinuousClock.now + patience
        var pauseAfterFailure = moment
        while true {
            do {
                return try await lookTwice()
            } catch {
                guard
                    error.code == .unreachable || error.code == .unexpectedAnswer || error.code == .notFound,
                    ContinuousClock.now + pauseAfterFailure < giveUp
                else {
                    if error.code == .cancelled || error.code == .unreachable { throw error }
                    throw ComfyUIError(.unreachable, error.message, status: error.status, underlying: error)
                }
                try await pause(pauseAfterFailure)
                pauseAfterFailure = min(pauseAfterFailure * 2, .seconds(2))
            }
        }
    }

    /// Twice with a moment between: the history may lag behind the last frame, and a prompt may move from the
    /// queue to the history between the two questions.
    private func lookTwice() async throws(ComfyUIError) -> End? {
        for attempt in 0..<2 {
            if attempt > 0 { try await pause(moment) }
            if let entry = try await client.history(promptID) { return .finished(entry) }
            if try await client.queue().contains(promptID) { return nil }
        }
        return .lost
    }

    private func pause(_ duration: Duration) async throws(ComfyUIError) {
        do {
            try await loop.sleep(for: duration)
        } catch {
            throw Self.cancelled
        }
    }

    private static let cancelled = ComfyUIError(.cancelled, "The watch was cancelled.")
}
