import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import comfy_lambda

typealias Launched = comfy_lambda.ChildProcess
typealias Launch = comfy_lambda.ChildProcess.Launch

@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
    private let loop = EventLoop.onNewThread()

    private func shell(_ script: String, environment: [String: String] = [:])
        -> Launch
    {
        .init(program: "/bin/sh", arguments: ["-c", script], environment: environment)
    }

    /// All that it wrote until its end.
    private func output(of launch: Launch) async throws -> Set<Launched.Line> {
        let lines = Mutex<Set<Launched.Line>>([])
        let child = try Launched(launch, on: loop) { line in lines.withLock { _ = $0.insert(line) } }
        _ = try await child.exit()
        await child.terminate()
        return lines.withLock { $0 }
    }

    @Test func itsLinesComeFromBothOutputs() async throws {
        defer { loop.shutdown() }
        let lines = try await loop.task {
            try await output(of: shell("echo one; echo two >&2; printf three"))
        }.value
        #expect(
            lines == [
                .init(source: .output, text: "one"), .init(source: .error, text: "two"),
                .init(source: .output, text: "three"),
            ])
    }

    @Test(arguments: [
        ("exit 0", Launched.ExitStatus.exited(0), "exit status 0"), ("exit 3", .exited(3), "exit status 3"),
        ("kill -9 $$", .signalled(9), "signal: killed"),
    ])
    func itsEndIsTold(script: String, status: Launched.ExitStatus, description: String) async throws {
        defer { loop.shutdown() }
        let ended = try await loop.task { [loop] in
            try await Launched(shell(script), on: loop) { _ in }.exit()
        }.value
        #expect(ended == status)
        #expect(ended.description == description)
    }

    @Test func itSeesOnlyTheVariablesItIsGiven() async throws {
        defer { loop.shutdown() }
        let lines = try await loop.task {
            let launch = Launch(
                program: "/usr/bin/env", environment: ["ONLY": "this"])
            return try await output(of: launch)
        }.value
        #expect(lines == [.init(source: .output, text: "ONLY=this")])
    }

    @Test func aProgramThatIsNotThereIsNamed() async throws {
        defer { loop.shutdown() }
        #expect(throws: CommandFailure("cannot run /no/such/program: No such file or directory")) {
            try Launched(.init(program: "/no/such/program"), on: loop) { _ in }
        }
    }

    /// It ignores SIGTERM, and its own child does too.
    @Test func whoDoesNotListenIsKilledWithItsGroup() async throws {
        defer { loop.shutdown() }
        let (status, grandchild) = try await loop.task { [loop] in
            let grandchild = Promise<String>()
            let child = try Launched(
                shell("trap '' TERM; sleep 600 & echo $!; wait; wait; sleep 600"), on: loop
            ) { grandchild.fulfill($0.text) }
            let id = pid_t(try await grandchild.value()) ?? -1
            await child.terminate(grace: .milliseconds(50))
            return (try await child.exit(), id)
        }.value
        #expect(status == .signalled(SIGKILL))
        #expect(grandchild > 0)
        #expect(await isGone(grandchild))
    }

    /// The group is killed at once; its members are gone when whoever inherited them has noticed.
    private func isGone(_ id: pid_t) async -> Bool {
        for _ in 0..<1000 {
            guard let status = try? Fixtures.text("/proc/\(id)/status") else { return true }
            if status.contains("State:\tZ") { return true }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    @Test func childrenEndWithTheirCommand() async throws {
        defer { loop.shutdown() }
        struct Trouble: Error {}
        let child = Promise<Launched>()
        await #expect(throws: Trouble.self) {
            try await loop.task { [loop] in
                try await Children.during(on: loop) { children in
                    child.fulfill(try await children.start(shell("sleep 600")) { _ in })
                    throw Trouble()
                }
            }.value
        }
        #expect(try await child.value().exit() == .signalled(SIGTERM))
    }

    @Test func childrenEndWhenTheCommandIsCancelled() async throws {
        defer { loop.shutdown() }
        let child = Promise<Launched>()
        let work = loop.task { [loop] in
            try await Children.during(on: loop) { children in
                child.fulfill(try await children.start(shell("sleep 600")) { _ in })
                try await loop.sleep(for: .seconds(600))
            }
        }
        let started = try await child.value()
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(started.hasEnded)
    }
}
