import JSON
import TestSupport

/// A stand-in for ComfyUI of the test's own, which can come back to its port and logs what it runs.
struct Worker: Sendable {
    private let standIn: StandIn
    private let folder: TemporaryFolder

    /// A worker that a test controls.
    init(stepMilliseconds: Int = 5, faults: [String] = []) async throws {
        try await self.init(port: 0, stepMilliseconds, faults, TemporaryFolder())
    }

    var port: Int { url.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    private init(port: Int, _ stepMilliseconds: Int, _ faults: [String], _ folder: TemporaryFolder)
        async throws
    {
        self.folder = folder
        standIn = try await StandIn(
            ["--step-ms", "\(stepMilliseconds)", "--log", folder.path + "/runs"]
                + faults.flatMap { ["--fault", $0] }, port: port)
    }

    var url: String { standIn.address }

    /// Ends it as a crash would.
    func kill() async { await standIn.kill() }

    /// Another one in its place: with its port and its run log, and nothing in its memory.
    func restarted() async throws -> Worker {
        try await Worker(port: port, 5, [], folder)
    }

    /// The prompts that were begun, over all lives of it.
    func runs() throws -> [String] {
        try log().filter { $0["event"] == "start" }.compactMap { $0["prompt_id"]?.string }
    }

    /// The lines of its run log.
    func log() throws -> [JSON] {
        guard let text = try? Fixtures.text(folder.path + "/runs") else { return [] }
        return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }
}
