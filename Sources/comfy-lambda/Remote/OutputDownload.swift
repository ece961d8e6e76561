import Crypto
import Glibc
import HTTP
import JSON

/// Fetches a job's outputs into a folder: streamed, compared with what the job says of them, and under their names
/// only when they are whole.
struct OutputDownload: Sendable {
    let http: HTTPClient
    let console: Console
    let folder: String

    /// - Parameter index: one output; nil is all of them.
    /// - Returns: the paths.
    func save(_ job: JSON, index: Int? = nil) async throws -> [String] {
        guard let id = (job["job_id"]?.string).flatMap({ UUID($0) }) else {
            throw CommandFailure("The API's answer is no job.")
        }
        let outputs = (job["outputs"]?.array ?? []).filter { index == nil || $0["index"]?.int == index }
        if outputs.isEmpty {
            let which = index.map { "output \($0)" } ?? "output"
            throw CommandFailure("The job is \(JobProgress(job).activity) and has no \(which).")
        }
        try FileSystem.createFolder(folder)
        var paths: [String] = []
        for output in outputs {
            let name =
                "\(id)-\(output["index"]?.int ?? paths.count).\(JobSession.fileExtension(of: output))"
            try await save(output, to: "\(folder)/\(name)")
            paths.append("\(folder)/\(name)")
        }
        console.showStatus("")
        return paths
    }

    private func save(_ output: JSON, to path: String) async throws {
        guard let url = (output["url"]?.string).flatMap({ URL($0) }) else {
            throw CommandFailure("An output of the job has no address.")
        }
        let whole = max(0, output["bytes"]?.int ?? 0)
        var request = HTTPClient.Request(.get, url)
        // A stalled transfer ends by the idle time; how long a large one takes is nobody's fault.
        request.timeouts.total = nil
        request.responseLimit = .max
        let response = try await http.stream(request)
        guard response.head.status == 200 else {
            throw CommandFailure(
                "\(url.redacted) answered \(response.head.status). Its address may have expired: try again.")
        }
        let file = try PartialFile(path)
        var count = 0
        var hash = SHA256()
        while let piece = try await response.next() {
            count += piece.count
            guard count <= whole else { break }
            hash.update(piece)
            try file.append(piece)
            if whole > 1 << 20 {
                console.showStatus("\(path)  \(count * 100 / whole)% of \(Quantity.bytes(whole))")
            }
        }
        let digest = Hex.encode(hash.finalize())
        guard count == whole, digest == output["sha256"]?.string else {
            throw CommandFailure(
                "\(path) was not written: \(count) bytes came, with SHA-256 \(digest), and the job says "
                    + "\(whole) and \(JobProgress.printable(output["sha256"]?.string ?? "none")).")
        }
        try file.keep()
    }
}

/// A file beside its later place; gone unless it was kept.
private final class PartialFile {
    private let path: String
    private let descriptor: Int32
    private var isKept = false
    private var partial: String { path + ".part" }

    init(_ path: String) throws(CommandFailure) {
        self.path = path
        descriptor = unsafe open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    func append(_ bytes: [UInt8]) throws(CommandFailure) {
        guard FileSystem.writeAll(bytes, to: descriptor) else { throw Self.failure(path) }
    }

    func keep() throws(CommandFailure) {
        guard unsafe rename(partial, path) == 0 else { throw Self.failure(path) }
        isKept = true
    }

    deinit {
        close(descriptor)
        if !isKept { FileSystem.remove(partial) }
    }

    private static func failure(_ path: String) -> CommandFailure {
        unsafe CommandFailure("cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
