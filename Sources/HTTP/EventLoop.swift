/// One thread that runs Swift jobs, libcurl's transfers, timers and descriptors: see `architecture.md`.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    public init() { fatalError("stub") }
    /// Runs on the calling thread until `operation` has returned: what a program's main does.
    public func run<T: Sendable>(_ operation: @escaping @Sendable () async throws -> T) throws -> T { fatalError("stub") }
    /// A loop on a thread of its own, until `shutdown()`: what tests do.
    public static func onNewThread() -> EventLoop { fatalError("stub") }
    public func shutdown() { fatalError("stub") }
    /// The loop whose thread this is.
    public static var current: EventLoop? { fatalError("stub") }
    public func enqueue(_ job: consuming ExecutorJob) { fatalError("stub") }
    /// The loop's own timer: no other thread wakes. Throws CancellationError.
    public func sleep(for duration: Duration) async throws { fatalError("stub") }
    public enum Readiness: Sendable { case readable, writable }
    /// Suspends until the descriptor is ready. Throws CancellationError.
    public func wait(for readiness: Readiness, of descriptor: Int32) async throws { fatalError("stub") }
    /// A task on this loop; plain `Task {}` would leave it.
    @discardableResult
    public func task<T: Sendable>(_ operation: @escaping @Sendable () async throws -> T) -> Task<T, any Error> { fatalError("stub") }
    /// SIGTERM, SIGINT as the loop's events (signalfd or self-pipe): runs `action` on the loop.
    public func onSignal(_ signal: Int32, _ action: @escaping @Sendable () -> Void) { fatalError("stub") }
}
/// The result of `body`, or throws `DeadlineExceeded` after `duration` on the loop's timer; the loser is cancelled.
public func withDeadline<T: Sendable>(_ duration: Duration, on loop: EventLoop, _ body: @escaping @Sendable () async throws -> T) async throws -> T { fatalError("stub") }
/// `withDeadline`'s time ran out.
public struct DeadlineExceeded: Error, Sendable { public init() {} }
