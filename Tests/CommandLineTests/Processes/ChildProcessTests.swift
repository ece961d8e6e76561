import Glibc
import HTTP
import TestSupport
import Testing

@testable import comfy_lambda

@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
    private let loop = EventLoop.onNewThread()

    private func shell(_ script: String, environment: [String: String] = [:])
        -> comfy_lambda.ChildProcess.Launch
    {
        .init(program: "/bin/sh", arguments: ["-c", script], environment: environment)
    }

    @Test func itsLinesComeFromBothOutputs() async throws {
        defer { loop.shutdown() }
        let lines = try await loop.task { [loop] in
            let child = try comfy_lambda.ChildProcess(
                shell("echo one; echo two >&2; printf three"), on: loop)
            var lines: Set<comfy_lambda.ChildProcess.Line> = []
            for await line in child.lines { lines.insert(line) }
            return lines
        }.value
        #expect(
            lines == [
                .init(source: .output, text: "one"), .init(source: .error, text: "two"),
                .init(source: .output, text: "three"),
            ])
    }

    @Test(arguments: [
        ("exit 0", ExitStatus.exited(0), "exit status 0"), ("exit 3", .exited(3), "exit status 3"),
        ("kill -9 $$", .signalled(9), "signal: killed"),
    ])
    func itsEndIsTold(script: String, status: ExitStatus, description: String) async throws {
        defer { loop.shutdown() }
        let ended = try await loop.task { [loop] in
            try await comfy_lambda.ChildProcess(shell(script), on: loop).exit()
        }.value
        #expect(ended == status)
        #expect(ended.description == description)
    }
    typealias ExitStatus = comfy_lambda.ChildProcess.ExitStatus

    @Test func itSeesOnlyTheVariablesItIsGiven() async throws {
        defer { loop.shutdown() }
        let lines = try await loop.task { [loop] in
            let launch = comfy_lambda.ChildProcess.Launch(
                program: "/usr/bin/env", environment: ["ONLY": "this"])
            let child = try comfy_lambda.ChildProcess(launch, on: loop)
            return await child.lines.reduce(into: []) { $0.append($1.text) }
        }.value
        #expect(lines == ["ONLY=this"])
    }

    @Test func aProgramThatIsNotThereIsNamed() async throws {
        defer { loop.shutdown() }
        #expect(throws: CommandFailure("cannot run /no/such/program: No such file or directory")) {
            try comfy_lambda.ChildProcess(.init(program: "/no/such/program"), on: loop)
        }
    }

    /// It ignores SIGTERM, and its own child does too.
    @Test func whoDoesNotListenIsKilledWithItsGroup() async throws {
        defer { loop.shutdown() }
        let (status, grandchild) = try await loop.task { [loop] in
            let child = try comfy_lambda.ChildProcess(
                shell("trap '' TERM; sleep 600 & echo $!; wait; wait; sleep 600"), on: loop)
            var lines = child.lines.makeAsyncIterator()
            let grandchild = pid_t(await lines.next()?.text ?? "") ?? -1
            await child.terminate(grace: .milliseconds(50))
            // The pipe ends when the last of the group is gone.
            while await lines.next() != nil {}
            return (try await child.exit(), grandchild)
        }.value
        #expect(status == .signalled(SIGKILL))
        #expect(grandchild > 0)
    }

    @Test func childrenEndWithTheirCommand() async throws {
        defer { loop.shutdown() }
        struct Trouble: Error {}
        let child = Promise<comfy_lambda.ChildProcess>()
        await #expect(throws: Trouble.self) {
            try await loop.task { [loop] in
                try await Children.during(on: loop) { children in
                    child.fulfill(try await children.start(shell("sleep 600")))
                    throw Trouble()
                }
            }.value
        }
        #expect(try await child.value().exit() == .signalled(SIGTERM))
    }

    @Test func childrenEndWhenTheCommandIsCancelled() async throws {
        defer { loop.shutdown() }
        let child = Promise<comfy_lambda.ChildProcess>()
        let work = loop.task { [loop] in
            try await Children.during(on: loop) { children in
                child.fulfill(try await children.start(shell("sleep 600")))
                try await loop.sleep(for: .seconds(600))
            }
        }
        let started = try await child.value()
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(started.hasEnded)
    }
}
