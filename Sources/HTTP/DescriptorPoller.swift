internal import CCurl
import Glibc

/// Descriptors beside libcurl's, behind one epoll descriptor, so that the loop's poll has a single extra entry.
/// `curl_multi_poll` would drop hang-ups and errors of extra descriptors; epoll reports them as readiness.
final class DescriptorPoller {
    /// Becomes readable when a watched descriptor is ready.
    let descriptor: Int32
    private var waiters: [Int32: [Waiter]] = [:]
    private var lastID: UInt64 = 0

    struct Waiter {
        let id: UInt64
        let readiness: EventLoop.Readiness
        let isPersistent: Bool
        let action: () -> Void
    }

    init() {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(descriptor >= 0, "no descriptor left for epoll")
    }

    deinit { close(descriptor) }

    var isEmpty: Bool { waiters.isEmpty }

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

    /// Runs the actions of all that is ready, without waiting.
    func dispatch() {
        var ready = [comfy_readiness](repeating: comfy_readiness(), count: 64)
        let count = unsafe ready.withUnsafeMutableBufferPointer { buffer in
            unsafe comfy_epoll_ready(descriptor, buffer.baseAddress)
        }
        guard count > 0 else { return }
        for event in ready[..<Int(count)] {
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
    }

    /// Forgets everything; the actions are returned for their owners to end.
    func removeAll() -> [() -> Void] {
        let actions = waiters.values.flatMap { $0 }.filter { !$0.isPersistent }.map(\.action)
        for watched in waiters.keys { _ = comfy_epoll_set(descriptor, EPOLL_CTL_DEL, watched, 0) }
        waiters = [:]
        return actions
    }
}
