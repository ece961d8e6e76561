internal import CCurl
import Glibc

/// Who keeps a descriptor and reads and writes it itself, all on the loop's thread.
protocol DescriptorOwner: AnyObject {
    /// epoll's bits: what it is watched for, or an error or a hang-up, which the next read or write tells more of.
    func isReady(_ bits: UInt32)
    /// The loop shuts down: release it, and tell whoever waits.
    func abandoned()
}

/// Descriptors beside libcurl's, behind one epoll descriptor: what the loop sleeps on, and a single extra entry in libcurl's poll while
/// libcurl has transfers. `curl_multi_poll` would drop hang-ups and errors of extra descriptors; epoll reports them as readiness.
///
/// All but `wakeUp` belongs to the loop's thread.
final class DescriptorPoller {
    /// Becomes readable when a watched descriptor is ready.
    let descriptor: Int32
    /// Written to by other threads. Edge-triggered: each write is one event, and nobody has to read it.
    private let alarm: Int32
    private var waiters: [Int32: [Waiter]] = [:]
    private var owners: [Int32: any DescriptorOwner] = [:]
    private var lastID: UInt64 = 0
    private var events = [comfy_readiness](repeating: comfy_readiness(), count: 64)

    struct Waiter {
        let id: UInt64
        let readiness: EventLoop.Readiness
        let isPersistent: Bool
        let action: () -> Void
    }

    init() {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        alarm = comfy_eventfd()
        let edge = EPOLLIN.rawValue | EPOLLET.rawValue
        precondition(
            descriptor >= 0 && alarm >= 0 && comfy_epoll_set(descriptor, EPOLL_CTL_ADD, alarm, edge) == 0,
            "no descriptor left for epoll")
    }

    deinit {
        close(alarm)
        close(descriptor)
    }

    var isEmpty: Bool { waiters.isEmpty && owners.isEmpty }

    /// Ends a wait, now or the next one. From any thread.
    func wakeUp() {
        var one: UInt64 = 1
        // It fails when 2⁶⁴ - 1 wake-ups were not read, and is then readable all the same.
        _ = unsafe write(alarm, &one, MemoryLayout<UInt64>.size)
    }

    // MARK: Owners

    /// Tells `owner` of everything that happens on the descriptor, again and again while it lasts, until `release`: of something to
    /// read, and of room to write when it is `writable` that is waited for. False when the system will not watch it.
    func give(_ owned: Int32, to owner: any DescriptorOwner, writable: Bool) -> Bool {
        guard comfy_epoll_set(descriptor, EPOLL_CTL_ADD, owned, Self.interest(writable)) == 0 else {
            return false
        }
        owners[owned] = owner
        return true
    }

    /// Whether room to write is waited for from now on.
    func change(_ owned: Int32, writable: Bool) {
        _ = comfy_epoll_set(descriptor, EPOLL_CTL_MOD, owned, Self.interest(writable))
    }

    private static func interest(_ writable: Bool) -> UInt32 {
        EPOLLIN.rawValue | (writable ? EPOLLOUT.rawValue : 0)
    }

    /// Before its owner closes it.
    func release(_ owned: Int32) {
        _ = comfy_epoll_set(descriptor, EPOLL_CTL_DEL, owned, 0)
        owners[owned] = nil
    }

    // MARK: Waiters

    /// Runs `action` once when the descriptor is ready, or each time when `isPersistent`.
    /// nil when the system will not watch it (it is closed, or a plain file).
    func add(
        _ watched: Int32, _ readiness: EventLoop.Readiness, isPersistent: Bool = false,
        _ action: @escaping () -> Void
    ) -> UInt64? {
        lastID += 1
        waiters[watched, default: []].append(
            Waiter(id: lastID, readiness: readiness, isPersistent: isPersistent, action: action))
        if arm(watched) { return lastID }
        remove(watched, lastID)
        return nil
    }

    func remove(_ watched: Int32, _ id: UInt64) {
        guard var list = waiters[watched] else { return }
        list.removeAll { $0.id == id }
        waiters[watched] = list.isEmpty ? nil : list
        if list.isEmpty {
            _ = comfy_epoll_set(descriptor, EPOLL_CTL_DEL, watched, 0)
        } else {
            _ = arm(watched)
        }
    }

    /// One-shot registration: it goes quiet after an event and is kept, so that re-arming is a single call, and
    /// the kernel drops it when the descriptor is closed.
    private func arm(_ watched: Int32) -> Bool {
        var bits = EPOLLONESHOT.rawValue
        for waiter in waiters[watched] ?? [] { bits |= Self.interest(waiter.readiness) }
        if comfy_epoll_set(descriptor, EPOLL_CTL_MOD, watched, bits) == 0 { return true }
        return errno == ENOENT && comfy_epoll_set(descriptor, EPOLL_CTL_ADD, watched, bits) == 0
    }

    private static func interest(_ readiness: EventLoop.Readiness) -> UInt32 {
        switch readiness {
        case .readable: EPOLLIN.rawValue
        case .writable: EPOLLOUT.rawValue
        case .hangUp: EPOLLRDHUP.rawValue
        }
    }

    /// Runs the actions of all that is ready, after a wait of so many nanoseconds at most for the first.
    func dispatch(nanoseconds: Int64) {
        let count = unsafe events.withUnsafeMutableBufferPointer { buffer in
            unsafe comfy_epoll_ready(descriptor, buffer.baseAddress, nanoseconds)
        }
        for index in 0..<max(0, Int(count)) {
            let event = events[index]
            if let owner = owners[event.descriptor] {
                owner.isReady(event.bits)
            } else if event.descriptor != alarm {
                dispatch(event)
            }
        }
    }

    private func dispatch(_ event: comfy_readiness) {
        // An error or a full hang-up is for everyone: the next read or write tells what it is.
        let (watched, bits) = (event.descriptor, event.bits)
        let isOver = bits & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        let list = waiters[watched] ?? []
        let due = list.filter { isOver || bits & Self.interest($0.readiness) != 0 }
        let left = list.filter { waiter in waiter.isPersistent || !due.contains { $0.id == waiter.id } }
        waiters[watched] = left.isEmpty ? nil : left
        if !left.isEmpty { _ = arm(watched) }
        for waiter in due { waiter.action() }
    }

    /// Forgets everything; the actions are returned for the loop to end them with.
    func removeAll() -> [() -> Void] {
        for owner in owners.values { owner.abandoned() }
        let actions = waiters.values.flatMap { $0 }.filter { !$0.isPersistent }.map(\.action)
        for watched in waiters.keys { _ = comfy_epoll_set(descriptor, EPOLL_CTL_DEL, watched, 0) }
        waiters = [:]
        return actions
    }
}
