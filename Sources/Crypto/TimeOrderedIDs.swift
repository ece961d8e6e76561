internal import Synchronization

/// The source of version 7 ids: a counter behind a lock.
final class TimeOrderedIDs: Sendable {
    static let shared = TimeOrderedIDs()

    private struct State {
        var milliseconds: Int64 = -1
        /// 74 bits: what follows the time in an id.
        var high: UInt16 = 0
        var low: UInt64 = 0
    }
    private let state = Mutex(State())

    /// Greater than every id before it. A new millisecond starts at a random count; inside one (or before the last one) the count
    /// goes on by a random step, so that ids stay unguessable (RFC 9562 §6.2, method 2).
    func next(milliseconds: Int64) -> UUID {
        let milliseconds = min(max(milliseconds, 0), Self.latest)
        let random = SecureRandom.bytes(10)
        return state.withLock { state in
            if milliseconds > state.milliseconds {
                state.milliseconds = milliseconds
                // The first bit stays zero: room to count on.
                state.high = UInt16(random[0] & 0x07) << 8 | UInt16(random[1])
                state.low = random[2...].reduce(0) { $0 << 8 | UInt64($1) } & Self.lowMask
            } else {
                let step = random[..<4].reduce(0) { $0 << 8 | UInt64($1) } + 1
                state.low += step
                if state.low > Self.lowMask {
                    state.low &= Self.lowMask
                    state.high += 1
                }
                if state.high > Self.highMask {
                    state.high = 0
                    state.milliseconds += 1
                }
            }
            return Self.id(state)
        }
    }

    /// An id holds 48 bits of time.
    private static let latest: Int64 = (1 << 48) - 1
    private static let highMask: UInt16 = 0x0FFF
    private static let lowMask: UInt64 = 0x3FFF_FFFF_FFFF_FFFF

    private static func id(_ state: State) -> UUID {
        let time = (0..<6).reversed().map { UInt8(truncatingIfNeeded: state.milliseconds >> (8 * $0)) }
        let high = [UInt8(state.high >> 8), UInt8(state.high & 0xFF)]
        let low = (0..<8).reversed().map { UInt8(truncatingIfNeeded: state.low >> (8 * $0)) }
        return UUID(time + high + low, version: 7)
    }
}
