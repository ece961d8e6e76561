import Glibc

/// One thread that runs Swift jobs, libcurl's transfers, timers and descriptors.
///
/// It is the executor of the tasks that prefer it, so a task that awaits a response is resumed on the thread that
/// read it, without a hand-over. Every `async` function of this module may be called from any task. What leaves the
/// loop: a plain `Task {}` or `Task.detached {}` (use `task`), `Task.sleep` (use `sleep`). `@MainActor` hangs when
/// the main thread is the loop's.
///
/// `@unchecked Sendable`: all but `inbox` and `descriptors.wakeUp` is touched on the loop's thread only.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    private let inbox = LoopInbox()
    private var ready: [LoopWork] = []
    private var running: [LoopWork] = []
    var timers = TimerQueue()
    let descriptors = DescriptorPoller()
    let multi = MultiHandle()
    private var isInsideCurl = false
    private var isStopping = false
    private(set) var isAbandoned = false
    private var turnsSincePoll = 0
    var signals: SignalPipe?

    /// A loop that nobody runs yet; work given to it waits for `run`.
    public init() {}

    // MARK: Running

    /// Runs on the calling thread until `operation` has returned: what a program's main does. Other tasks that are
    /// still suspended then stay so.
    public func run<T: Sendable>(_ operation: @escaping @Sendable () async throws -> T) throws -> T {
        let outcome = Outcome<T>()
        task {
            do {
                outcome.result = .success(try await operation())
            } catch {
                outcome.result = .failure(error)
            }
            self.isStopping = true
        }
        turnUntilStopped()
        guard let result = outcome.result else {
            preconditionFailure("the loop was shut down while its program ran")
        }
        return try result.get()
    }

    /// Set by the operation's task, which runs on the loop's thread, and read there after it.
    private final class Outcome<T>: @unchecked Sendable {
        var result: Result<T, any Error>?
    }

    /// A loop on a thread of its own, until `shutdown()`: what tests do.
    public static func onNewThread() -> EventLoop {
        let loop = EventLoop()
        var thread = pthread_t()
        let argument = unsafe Unmanaged.passRetained(loop).toOpaque()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let loop = unsafe Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue()
                loop.turnUntilStopped()
                loop.abandonEverything()
                return nil
            }, argument)
        precondition(status == 0, "no thread to be had")
        pthread_detach(thread)
        return loop
    }

    /// Ends a loop made by `onNewThread`: transfers, sleeps and waits under way throw, then the thread ends.
    public func shutdown() {
        perform { self.isStopping = true }
    }

    private func turnUntilStopped() {
        let outer = Self.current
        precondition(outer == nil, "a loop is already running on this thread")
        unsafe pthread_setspecific(Self.threadKey, Unmanaged.passUnretained(self).toOpaque())
        isStopping = false
        while !isStopping { turn() }
        if !ready.isEmpty { runReady() }
        pthread_setspecific(Self.threadKey, nil)
    }

    /// One round: jobs and transfers; then, with nothing left to run, due timers and a sleep until there is. While libcurl has nothing to do the
    /// sleep is epoll's own, one system call.
    private func turn() {
        runReady()
        if isStopping { return }
        if !multi.isEmpty { moveTransfers() }
        // Timers, descriptors and the wake-up get a look in now and then even while jobs keep the loop busy.
        turnsSincePoll += 1
        if !ready.isEmpty, turnsSincePoll < 32 { return }
        turnsSincePoll = 0
        var now: ContinuousClock.Instant?
        if !timers.isEmpty {
            let began = ContinuousClock.now
            now = began
            while let action = timers.takeDue(began) {
                action()
                now = nil
            }
        }
        let nanoseconds = ready.isEmpty && inbox.prepareToSleep() ? timeUntilNextTimer(now) : 0
        if multi.isEmpty {
            descriptors.dispatch(nanoseconds: nanoseconds)
        } else if multi.poll(descriptors.descriptor, nanoseconds: nanoseconds) {
            descriptors.dispatch(nanoseconds: 0)
        }
        inbox.awake()
    }

    private func runReady() {
        takeInbox()
        swap(&ready, &running)
        for work in running {
            switch work {
            case .job(let job): unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            case .action(let action): action()
            }
        }
        running.removeAll(keepingCapacity: true)
    }

    private func takeInbox() {
        let work = inbox.take()
        if !work.isEmpty { ready += work }
    }

    /// When libcurl was last given the thread, about: the time of what its callbacks bring, read once for all of them
    /// and not at all when none asks.
    var turnBegan: ContinuousClock.Instant {
        if let known = knownTurn { return known }
        let now = ContinuousClock.now
        knownTurn = now
        return now
    }
    private var knownTurn: ContinuousClock.Instant?

    private func moveTransfers() {
        knownTurn = nil
        isInsideCurl = true
        multi.perform()
        isInsideCurl = false
        while let (easy, code) = multi.nextFinished() { easy.delegate?.finished(easy, code) }
    }

    /// In nanoseconds; `now` where the time is known.
    private func timeUntilNextTimer(_ now: ContinuousClock.Instant?) -> Int64 {
        let hour: Int64 = 3_600_000_000_000
        guard let deadline = timers.next() else { return hour }
        let (seconds, attoseconds) = (now ?? .now).duration(to: deadline).components
        if seconds < 0 || attoseconds < 0 { return 0 }
        return seconds >= 3600 ? hour : seconds * 1_000_000_000 + attoseconds / 1_000_000_000 + 1
    }

    /// After the last turn: whatever waits is told that nothing will come, and gets to run once more.
    private func abandonEverything() {
        unsafe pthread_setspecific(Self.threadKey, Unmanaged.passUnretained(self).toOpaque())
        isAbandoned = true
        // Its actions may hold the loop.
        signals = nil
        // Bounded: a task that waits again whenever a wait fails would keep the thread for ever.
        for _ in 0..<1000 {
            for easy in multi.handles { easy.delegate?.abandoned(easy) }
            for action in descriptors.removeAll() { action() }
            while let action = timers.takeDue(.now.advanced(by: .seconds(1 << 40))) { action() }
            runReady()
            takeInbox()
            if ready.isEmpty, multi.isEmpty, timers.isEmpty, descriptors.isEmpty { break }
        }
        inbox.close()
        pthread_setspecific(Self.threadKey, nil)
    }

    // MARK: Jobs

    private static let threadKey: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "no thread-specific key left")
        return key
    }()

    /// The loop whose thread this is.
    public static var current: EventLoop? {
        guard let pointer = unsafe pthread_getspecific(threadKey) else { return nil }
        return unsafe Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Whether this is the loop's thread.
    var isCurrent: Bool {
        unsafe pthread_getspecific(Self.threadKey)
            == UnsafeMutableRawPointer(Unmanaged.passUnretained(self).toOpaque())
    }

    /// Takes a job of a task that prefers this loop; the Swift runtime calls it.
    public func enqueue(_ job: consuming ExecutorJob) {
        submit(.job(UnownedJob(job)))
    }

    /// Whether what belongs to the loop may be touched right here: on its thread, and not from inside one of libcurl's
    /// callbacks, which forbid most of its calls.
    var mayAct: Bool { isCurrent && !isInsideCurl }

    /// Runs `action` on the loop's thread: now, when this is it.
    func perform(_ action: @escaping @Sendable () -> Void) {
        if mayAct { action() } else { submit(.action(action)) }
    }

    /// Runs `action` on the loop's thread after what is queued there already.
    func later(_ action: @escaping @Sendable () -> Void) {
        submit(.action(action))
    }

    private func submit(_ work: LoopWork) {
        if isCurrent {
            ready.append(work)
        } else if inbox.put(work) {
            descriptors.wakeUp()
        }
    }

    /// A task on this loop; plain `Task {}` would leave it.
    @discardableResult
    public func task<T: Sendable>(_ operation: @escaping @Sendable () async throws -> T) -> Task<T, any Error>
    {
        Task(executorPreference: self, operation: operation)
    }
}
