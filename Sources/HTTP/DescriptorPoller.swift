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
    /// By descriptor, which the system gives the lowest number there is: an array costs less than a dictionary, most of all at the
    /// start.
    private var uses: [Use] = []
    private var lastID: UInt64 = 0
    private var events = [comfy_readiness](repeating: comfy_readiness(), count: 64)

    /// Who a descriptor is watched for.
    private enum Use {
        case nobody
        case waiters([Waiter])
        case owner(any DescriptorOwner)
    }

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

    var isEmpty: Bool {
        uses.allSatisfy { if case .nobody = $0 { true } else { false } }
    }

    private func use(of watched: Int32) -> Use {
        uses.indices.contains(Int(watched)) ? uses[Int(watched)] : .nobody
    }

    private func waiters(of watched: Int32) -> [Waiter] {
        if case .waiters(let list) = use(of: watched) { list } else { [] }
    }

    private func set(_ use: Use, of watched: Int32) {
        while uses.count <= Int(watched) { uses.append(.nobody) }
        uses[Int(watched)] = use
    }

    private func set(_ list: [Waiter], of watched: Int32) {
        set(list.isEmpty ? .nobody : .waiters(list), of: watched)
    }

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
        set(.owner(owner), of: owned)
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
        set(.nobody, of: owned)
    }

    // MARK: Waiters

    /// Runs `action` once when the descriptor is ready, or each time when `isPersistent`.
    /// nil when the system will not watch it (it is closed, or a plain file).
    func add(
        _ watched: Int32, _ readiness: EventLoop.Readiness, isPersistent: Bool = false,
        _ action: @escaping () -> Void
    ) -> UInt64? {
        guard watched >= 0 else { return nil }
        lastID += 1
        let waiter = Waiter(id: lastID, readiness: readiness, isPersistent: isPersistent, action: action)
        set(waiters(of: watched) + [waiter], of: watched)
        if arm(watched) { return lastID }
        remove(watched, lastID)
        return nil
    }

    func remove(_ watched: Int32, _ id: UInt64) {
        var list = waiters(of: watched)
        if list.isEmpty { return }
        list.removeAll { $0.id == id }
        set(list, of: watched)
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
        for waiter in waiters(of: watched) { bits |= Self.interest(waiter.readiness) }
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
            switch use(of: event.descriptor) {
            case .owner(let owner): owner.isReady(event.bits)
            case .waiters(let list): dispatch(event, to: list)
            case .nobody: break
            }
        }
    }

    private func dispatch(_ event: comfy_readiness, to list: [Waiter]) {
        // An error or a full hang-up is for everyone: the next read or write tells what it is.
        let (watched, bits) = (event.descriptor, event.bits)
        let isOver = bits & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        let due = list.filter { isOver || bits & Self.interest($0.readiness) != 0 }
        let left = list.filter { waiter in waiter.isPersistent || !due.contains { $0.id == waiter.id } }
        set(left, of: watched)
        if !left.isEmpty { _ = arm(watched) }
        for waiter in due { waiter.action() }
    }

    /// Forgets everything; the actions are returned for the loop to end them with.
    func removeAll() -> [() -> Void] {
        var actions: [() -> Void] = []
        for (watched, use) in uses.enumerated() {
            switch use {
            case .nobody: break
            case .owner(let owner): owner.abandoned()
            case .waiters(let list):
                actions += list.filter { !$0.isPersistent }.map(\.action)
                _ = comfy_epoll_set(descriptor, EPOLL_CTL_DEL, Int32(watched), 0)
                set(.nobody, of: Int32(watched))
            }
        }
        return actions
    }
}
