import Glibc
import HTTP
import TestSupport
import Testing
import Time

@testable import AWSClients

@Suite struct CommandWordsTests {
    /// By Python's `shlex.split`.
    @Test(
        arguments: [
            ("a b", ["a", "b"]), ("  a\t b  ", ["a", "b"]), ("'a b' c", ["a b", "c"]),
            (#""a b"c"#, ["a bc"]), (#"a\ b"#, ["a b"]), (#""a\"b\\c\d""#, [#"a"b\c\d"#]),
            (#"'a\b'"#, [#"a\b"#]), (#""""#, [""]), (#"a'b'"c""#, ["abc"]), (#"\'a"#, ["'a"]),
            ("x '' y", ["x", "", "y"]), ("'", nil), (#""a"#, nil), (#"a\"#, nil), ("", []),
            (
                "$HOME `id` ; rm -rf / | tee && x > y",
                ["$HOME", "`id`", ";", "rm", "-rf", "/", "|", "tee", "&&", "x", ">", "y"]
            ),
        ] as [(String, [String]?)])
    func cutsAsAShellWouldAndExpandsNothing(_ text: String, _ words: [String]?) {
        #expect(CommandWords.split(text) == words)
    }
}

@Suite(.timeLimit(.minutes(1))) struct ProcessCredentialsTests {
    private func run(
        _ command: String, environment: [String: String] = [:], timeout: Duration = .seconds(50)
    ) async throws(AWSError) -> Credentials {
        try await ProcessCredentials(
            command: command, environment: environment, clock: FakeClock().clock, loop: TestLoop.loop,
            timeout: timeout
        ).credentials()
    }

    @Test func readsWhatTheProgramPrints() async throws {
        let credentials = try await run(
            #"""
            echo '{"Version":1,"AccessKeyId":"id","SecretAccessKey":"s","SessionToken":"t",
                   "Expiration":"2999-01-02T03:04:05Z"}'
            """#)
        #expect(
            credentials
                == Credentials(
                    accessKeyID: "id", secretAccessKey: "s", sessionToken: "t",
                    expiration: Timestamp(rfc3339: "2999-01-02T03:04:05Z")))
    }

    @Test func itGetsTheEnvironmentAndNoInputAndNoDescriptor() async throws {
        // Open in this process, and not closed on exec: a child that inherits would have it.
        let mark = fcntl(2, F_DUPFD, 1000)
        try #require(mark >= 1000)
        defer { close(mark) }
        let script = """
            /bin/sh -c 'read line && input=some; [ -e /proc/self/fd/\(mark) ] && leak=leaked; \
            echo "{\\"Version\\":1,\\"AccessKeyId\\":\\"$NAME-$input-$leak\\",\\"SecretAccessKey\\":\\"s\\"}"'
            """
        #expect(try await run(script, environment: ["NAME": "me"]).accessKeyID == "me--")
    }

    @Test(arguments: [
        ("", "credential_process names no program, or has a quote without its end"),
        ("echo 'x", "credential_process names no program, or has a quote without its end"),
        (
            "/nonexistent/program",
            "credential_process /nonexistent/program was not started: No such file or directory"
        ),
        ("/bin/sh -c 'echo hush; exit 3'", "credential_process /bin/sh ended with exit status 3"),
        ("/bin/sh -c 'kill -9 $$'", "credential_process /bin/sh ended with signal 9"),
        ("/usr/bin/yes", "credential_process /usr/bin/yes printed more than 65536 bytes"),
        ("/bin/echo hush", "credential_process /bin/echo printed no JSON with Version 1"),
        (
            #"/bin/echo '{"AccessKeyId":"id","SecretAccessKey":"hush"}'"#,
            "credential_process /bin/echo printed no JSON with Version 1"
        ),
        (
            #"/bin/echo '{"Version":1,"AccessKeyId":"id"}'"#,
            "credential_process /bin/echo answered without AccessKeyId and SecretAccessKey"
        ),
        (
            #"/bin/echo '{"Version":1,"AccessKeyId":"id","SecretAccessKey":"hush","Expiration":"soon"}'"#,
            "credential_process /bin/echo answered with an Expiration that is no time"
        ),
        (
            #"/bin/echo '{"Version":1,"AccessKeyId":"i","SecretAccessKey":"hush","Expiration":"2020-01-01T00:00:00Z"}'"#,
            "credential_process /bin/echo printed credentials that have expired"
        ),
    ])
    func whatIsNotGoodIsSaidWithoutTheOutput(_ command: String, _ message: String) async throws {
        let error = await #expect(throws: AWSError.self) { try await run(command) }
        #expect(error?.code == .noCredentials)
        #expect(error?.message == message)
    }

    private func number(in path: String) -> pid_t? {
        FileContents.read(path, limit: 20).flatMap { pid_t(String(decoding: $0.dropLast(), as: UTF8.self)) }
    }

    @Test func aProgramThatHangsIsEnded() async throws {
        let folder = try TemporaryFolder()
        let (path, childs) = ("\(folder.path)/pid", "\(folder.path)/child")
        let script = "echo $$ > \(path); sleep 100 & echo $! > \(childs); sleep 100"
        let error = await #expect(throws: AWSError.self) {
            try await run("/bin/sh -c '\(script)'", timeout: .seconds(2))
        }
        #expect(error?.message == "credential_process /bin/sh took longer than 2.0 seconds")
        #expect(kill(try #require(number(in: path)), 0) == -1 && errno == ESRCH)
        // What it had started ends too: it has no command line any more, or is gone altogether.
        let child = try #require(number(in: childs))
        while let line = FileContents.read("/proc/\(child)/cmdline", limit: 1000), !line.isEmpty {
            try await TestLoop.loop.sleep(for: .milliseconds(5))
        }
    }

    @Test func aCancelledTaskEndsItToo() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/pid"
        let task = TestLoop.loop.task { try await run("/bin/sh -c 'echo $$ > \(path); sleep 100'") }
        var id: pid_t?
        while id == nil {
            try await TestLoop.loop.sleep(for: .milliseconds(5))
            id = number(in: path)
        }
        task.cancel()
        let error = await #expect(throws: AWSError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(kill(try #require(id), 0) == -1 && errno == ESRCH)
    }
}
