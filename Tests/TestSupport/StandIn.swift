import JSON

/// The stand-in for ComfyUI in `dev/`, on a free loopback port, for as long as the value lives.
public final class StandIn: Sendable {
    /// It did not start; the description has what it said.
    public struct LaunchFailure: Error, CustomStringConvertible {
        /// One sentence and the stand-in's own words.
        public let description: String
    }

    /// `http://127.0.0.1:…`
    public let address: String
    private let process: ChildProcess

    /// The repository's folder.
    static let root = Fixtures.folder.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(2).joined(separator: "/")

    /// Starts it with the stand-in's own options and waits until it listens.
    public init(_ arguments: [String] = [], port: Int = 0) async throws {
        process = try ChildProcess(
            "env",
            [
                "PYTHONPATH=\(Self.root)/dev", try LocalAWS.python(), "-m", "comfyui_standin", "--port",
                "\(port)",
            ] + arguments)
        let isReady = await process.hasPrinted("\n")
        guard isReady, let port = try? JSON(parsing: process.standardOutput)["port"]?.int else {
            throw LaunchFailure(
                description: "The stand-in did not start: run `make setup`. It said: "
                    + process.standardError.suffix(400))
        }
        address = "http://127.0.0.1:\(port)"
    }

    /// Ends it at once, as a crash would.
    public func kill() async {
        process.terminate(9)
        _ = await process.exit()
    }
}
