import LocalServer
import Synchronization

/// A response that a function streams: pieces come from its process as they are written, and are read here one by one.
final class ResponseStream: BodyReceiver {
    /// The response ended before it was whole.
    struct Broken: Error, Sendable {
        let failure: FunctionFailure
    }

    private enum End: Sendable {
        case whole
        case broken(FunctionFailure)
    }

    private struct State {
        var pieces: [[UInt8]] = []
        var end: End?
        var reader: CheckedContinuation<Void, Never>?
    }

    /// Of the response, as the runtime says it.
    let contentType: String
    /// Fulfilled when nothing more comes.
    let ended = Promise<Void>()
    private let state = Mutex(State())

    init(contentType: String) { self.contentType = contentType }

    func receive(_ piece: [UInt8]) { update { $0.pieces.append(piece) } }

    func hungUp() {
        finish(
            FunctionFailure(
                type: "Runtime.TruncatedResponse", message: "The runtime hung up during its response."))
    }

    /// The end, once; `failure` when it is not the one that the reader should see.
    func finish(_ failure: FunctionFailure?) {
        update { state in
            if state.end == nil { state.end = failure.map { .broken($0) } ?? .whole }
        }
        ended.fulfill(())
    }

    private func update(_ change: (inout State) -> Void) {
        let reader = state.withLock { state in
            change(&state)
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// The next piece, nil at the end. One reader at a time.
    func next() async throws(Broken) -> [UInt8]? {
        while true {
            let (piece, end) = state.withLock { state in
                (state.pieces.isEmpty ? nil : state.pieces.removeFirst(), state.end)
            }
            if let piece { return piece }
            switch end {
            case .whole: return nil
            case .broken(let failure): throw Broken(failure: failure)
            case nil: break
            }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if !state.pieces.isEmpty || state.end != nil { return true }
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    /// The whole response, for callers that do not stream.
    func outcome() async -> InvocationOutcome {
        var whole: [UInt8] = []
        do throws(Broken) {
            while let piece = try await next() { whole += piece }
            return .response(whole)
        } catch {
            return .failure(error.failure)
        }
    }
}
