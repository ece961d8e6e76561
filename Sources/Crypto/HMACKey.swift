internal import Synchronization

/// A key of HMAC-SHA256 made ready once, for many messages: a code then costs a third of `HMAC.sha256`. What it
/// derived from the key is wiped with it. Safe to use from any thread; one code at a time.
public final class HMACKey: Sendable {
    private let context: Mutex<HMACContext>

    /// A key of any length, of which no copy is kept.
    public init(_ key: Span<UInt8>) { context = Mutex(HMACContext(key: key)) }

    /// Lends the 32 bytes of the message's code, and wipes them after.
    public func withCode<Result: Sendable>(
        of message: [UInt8], _ body: (Span<UInt8>) -> Result
    ) -> Result {
        context.withLock { context in context.withCode(of: message.span, body) }
    }

    /// The key that is the code of a message under this one, as derivations chain them.
    public func derived(_ message: [UInt8]) -> HMACKey { withCode(of: message) { HMACKey($0) } }
}
