import Glibc
import HTTP

/// All programs that a command started, so that they end with it.
actor Children {
    nonisolated let loop: EventLoop
    private var running: [ChildProcess] = []
    private var isClosed = false

    init(on loop: EventLoop) { self.loop = loop }

    /// Runs `body` and ends every child after it, however it ended.
    static func during<T: Sendable>(
        on loop: EventLoop, _ body: @escaping @Sendable (Children) async throws -> T
    ) async throws -> T {
        let children = Children(on: loop)
        let result: Result<T, any Error>
        do {
            result = .success(try await body(children))
        } catch {
            result = .failure(error)
        }
        // A task of its own: the caller may be cancelled, and the children must end all the same.
        try await loop.task { await children.endAll() }.value
        return try result.get()
    }

    func start(
        _ launch: ChildProcess.Launch, onLine: @escaping @Sendable (ChildProcess.Line) -> Void
    ) throws -> ChildProcess {
        if isClosed { throw CancellationError() }
        running.removeAll { $0.hasEnded }
        let child = try ChildProcess(launch, on: loop, onLine: onLine)
        running.append(child)
        return child
    }

    /// SIGTERM to all at once, SIGKILL to who is left after the grace. No child can be started any more.
    func endAll() async {
        isClosed = true
        let children = running
        running = []
        await withTaskGroup { group in
            for child in children { group.addTask { await child.terminate() } }
        }
    }
}
