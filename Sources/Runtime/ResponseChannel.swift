import Synchronization

/// Hands a streamed response's pieces from its handler to its transfer, one at a time: a writer waits until its piece is taken.
final class ResponseChannel: Sendable {
    private struct Writer {
        let id: Int
        let piece: [UInt8]
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// Once the response has begun.
        var contentType: String?
        var opening: CheckedContinuation<String?, Never>?
        var writers: [Writer] = []
        var reader: CheckedContinuation<[UInt8]?, Never>?
        var isFinished = false
        var failure: FunctionError?
        /// Set when nobody takes pieces any more.
        var isClosed = false
        var lastID = 0

        var refusal: ResponseStreamClosed? {
            if isClosed { return ResponseStreamClosed(description: "nobody reads the response any more") }
            return isFinished ? ResponseStreamClosed(description: "the response has ended") : nil
        }
    }

    private let state = Mutex(State())

    // MARK: The handler's side

    /// Begins the response, which can be done once.
    func open(_ contentType: String) throws(ResponseStreamClosed) {
        let result = state.withLock {
            state -> Result<CheckedContinuation<String?, Never>?, ResponseStreamClosed> in
            if let refusal = state.refusal { return .failure(refusal) }
            guard state.contentType == nil else {
                return .failure(ResponseStreamClosed(description: "the response has begun already"))
            }
            state.contentType = contentType
            defer { state.opening = nil }
            return .success(state.opening)
        }
        try result.get()?.resume(returning: contentType)
    }

    /// Returns when the transfer has taken the piece.
    func write(_ piece: [UInt8]) async throws {
        if state.withLock({ $0.contentType == nil && $0.refusal == nil }) {
            try open("application/octet-stream")
        }
        if piece.isEmpty { return }
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                offer(Writer(id: id, piece: piece, continuation: continuation))
            }
        } onCancel: {
            let writer = state.withLock { state in
                state.writers.firstIndex { $0.id == id }.map { state.writers.remove(at: $0) }
            }
            writer?.continuation.resume(throwing: CancellationError())
        }
    }

    private func offer(_ writer: Writer) {
        let action = state.withLock { state -> (() -> Void)? in
            if let refusal = state.refusal { return { writer.continuation.resume(throwing: refusal) } }
            // Whoever cancels looks for the writer after this, or this sees that it did.
            if Task.isCancelled { return { writer.continuation.resume(throwing: CancellationError()) } }
            guard let reader = state.reader else {
                state.writers.append(writer)
                return nil
            }
            state.reader = nil
            return {
                reader.resume(returning: writer.piece)
                writer.continuation.resume()
            }
        }
        action?()
    }

    /// No more pieces come. Those that still wait are dropped when it is because of a failure.
    func finish(_ failure: FunctionError?) {
        let action = state.withLock { state -> () -> Void in
            state.isFinished = true
            state.failure = failure
            let (opening, reader, writers) = (
                state.opening, state.reader, failure == nil ? [] : state.writers
            )
            (state.opening, state.reader) = (nil, nil)
            if failure != nil { state.writers = [] }
            let refusal = ResponseStreamClosed(description: "the response has ended")
            return {
                opening?.resume(returning: nil)
                reader?.resume(returning: nil)
                for writer in writers { writer.continuation.resume(throwing: refusal) }
            }
        }
        action()
    }

    // MARK: The transfer's side

    /// Waits for the response to begin; nil when it ended before.
    func opened() async -> String? {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> String?? in
                if state.contentType != nil || state.isFinished { return .some(state.contentType) }
                state.opening = continuation
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// The next piece; nil when the response has ended.
    func next() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            let action = state.withLock { state -> (() -> Void)? in
                if let writer = state.writers.first {
                    state.writers.removeFirst()
                    return {
                        continuation.resume(returning: writer.piece)
                        writer.continuation.resume()
                    }
                }
                if state.isFinished || state.isClosed { return { continuation.resume(returning: nil) } }
                state.reader = continuation
                return nil
            }
            action?()
        }
    }

    /// Why the handler ended the response, when it did not mean to.
    var failure: FunctionError? { state.withLock { $0.failure } }

    /// The transfer is over: whoever still writes is told.
    func close() {
        let (reader, writers, refusal) = state.withLock { state in
            state.isClosed = true
            defer {
                state.reader = nil
                state.writers = []
            }
            return (state.reader, state.writers, state.refusal)
        }
        reader?.resume(returning: nil)
        guard let refusal else { return }
        for writer in writers { writer.continuation.resume(throwing: refusal) }
    }

    /// Every piece until the end.
    func collect() async -> [UInt8] {
        var whole: [UInt8] = []
        while let piece = await next() { whole += piece }
        return whole
    }
}
