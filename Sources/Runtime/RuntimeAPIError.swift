import HTTP

/// Why a call of the Runtime API came to nothing.
struct RuntimeAPIError: Error, Sendable, CustomStringConvertible {
    /// What the loop does about it.
    enum Kind: Sendable, Hashable {
        /// 413: this answer is too large; the invocation can still be failed.
        case tooLarge
        /// 410: Lambda no longer waits for this invocation. Logged, and the loop goes on.
        case stale
        /// Any other 4xx: logged, and the loop goes on.
        case refused
        /// The connection broke, or there was none. `next` asks again, a few times; an answer is sent once more.
        case unreachable
        /// 5xx: the environment is broken, and the process ends.
        case container
        /// The loop's own doing: it is stopping.
        case cancelled
        /// The handler goes on though its deadline has passed: the process ends, so that it does not run into the next invocation.
        case runaway
    }
    let kind: Kind
    let description: String

    /// Whether the process ends for it when an answer met with it.
    var isFatal: Bool {
        switch kind {
        case .unreachable, .container, .runaway: true
        case .tooLarge, .stale, .refused, .cancelled: false
        }
    }
}

extension RuntimeAPIError {
    /// The exchange itself failed.
    init(_ error: HTTPError) {
        self.init(kind: error.code == .cancelled ? .cancelled : .unreachable, description: error.description)
    }
}
