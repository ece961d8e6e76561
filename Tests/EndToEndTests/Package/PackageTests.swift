import Glibc
import TestSupport
import Testing

/// The file that is deployed, `.build/lambda/function.zip`, and what its program says of itself.
@Suite(.timeLimit(.minutes(1))) struct PackageTests {
    private static let zip = Program.project + "/.build/lambda/function.zip"

    private static func output(_ program: String, _ arguments: [String]) async throws -> String {
        let process = try ChildProcess(program, arguments)
        let status = await process.exit()
        try #require(status == 0, "\(process.standardError)")
        return process.standardOutput
    }

    @Test func theProgramNeedsNoLibraryOfTheHost() async throws {
        let headers = try await Self.output("readelf", ["-lW", Program.bootstrap])
        #expect(headers.contains("LOAD"))
        #expect(!headers.contains("INTERP"))
        let dynamic = try await Self.output("readelf", ["-dW", Program.bootstrap])
        #expect(!dynamic.contains("NEEDED"))
    }

    /// Lambda takes 50 MB; what is asked of this project is 7.
    @Test func theZipHoldsThatProgramAndIsSmall() async throws {
        let listing = try await Self.output(
            "python3",
            [
                "-c",
                """
                import os, sys, zipfile
                entries = zipfile.ZipFile(sys.argv[1]).infolist()
                print([(e.filename, oct(e.external_attr >> 16), e.file_size == os.path.getsize(sys.argv[2])) for e in entries])
                """, Self.zip, Program.bootstrap,
            ])
        #expect(listing == "[('bootstrap', '0o100755', True)]\n")
        #expect(try Fixtures.bytes(Self.zip).count <= 7_000_000)
    }

    /// The names are the program's, the versions stand in Debian's database too.
    @Test(
        arguments: [
            "OpenSSL": "libssl-dev", "c-ares": "libc-ares-dev", "zlib": "zlib1g-dev",
            "expat": "libexpat1-dev", "glibc": "libc6-dev",
        ])
    func theVersionSaysWhatIsLinked(name: String, package: String) async throws {
        try await expect(
            name, Self.output("dpkg-query", ["-W", "-f", "${Version}", package]))
    }

    /// curl alone is built here: the source says what it is.
    @Test func theVersionSaysWhichCurlIsLinked() async throws {
        let source = Program.project + "/.build/static/curl-source/curl-7.88.1/debian/changelog"
        let version = try await Self.output("dpkg-parsechangelog", ["-l", source, "-S", "Version"])
        try await expect("curl", String(version.dropLast()))
    }

    private func expect(_ name: String, _ debian: String) async throws {
        let report = try await Self.output(Program.bootstrap, ["--version"])
        let line = try #require(report.split(separator: "\n").first { $0.hasPrefix(name + " ") })
        #expect(line.hasSuffix(" (Debian \(debian))"))
        // Upstream's version, between Debian's epoch and revision, begins with what the library reports.
        #expect(debian.split(separator: ":").last?.hasPrefix(line.split(separator: " ")[1]) == true)
    }

    @Test func theVersionSaysWhichCommitWasPackaged() async throws {
        let lines = try await Self.output(Program.bootstrap, ["--version"]).split(separator: "\n")
        #expect(lines[0] == "comfy-lambda bootstrap 0.1.0")
        let words = lines[1].split(separator: " ")
        #expect(words[0] == "commit")
        #expect(words[1].utf8.count == 40)
        #expect(words[1].utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    }

    @Test func startedByHandItExplainsItself() async throws {
        let help = try await Self.output(Program.bootstrap, ["--help"])
        #expect(help.contains("Usage: bootstrap"))
        let process = try ChildProcess(Program.bootstrap, ["--verison"], environment: [:])
        #expect(await process.exit() == 2)
        #expect(process.standardError == "bootstrap: unknown argument '--verison', try --help\n")
    }
}
