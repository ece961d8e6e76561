import Glibc
import JSON

/// moto (S3, DynamoDB, SNS, SQS, IAM, …) on a free loopback port: started once a test process, with or without
/// signature checking, and gone with it however it ends.
public final class LocalAWS: Sendable {
    /// It could not be started; the description says what to do.
    public struct LaunchFailure: Error, CustomStringConvertible {
        /// One sentence.
        public let description: String
    }

    /// `http://127.0.0.1:…`
    public let endpoint: String
    /// Where it listens.
    public let port: Int
    /// A key of an IAM user that may do everything.
    public let accessKeyID: String
    /// Its secret.
    public let secretAccessKey: String
    /// `us-east-1`
    public let region = "us-east-1"
    private let process: ChildProcess

    /// The variables that send a program's calls here.
    public var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": accessKeyID,
            "AWS_SECRET_ACCESS_KEY": secretAccessKey, "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    /// The process's instance that checks the signature of every request in its headers. All tests share it: name
    /// tables, buckets and queues apart.
    public static func shared() async throws -> LocalAWS { try await checking.value }

    /// The process's instance that checks no signature: with its checking on, moto answers every presigned address
    /// with 500.
    public static func sharedWithoutSignatures() async throws -> LocalAWS { try await trusting.value }

    /// One of the caller's own, which checks no signature: for tests that count its calls or keep it busy.
    public static func own() async throws -> LocalAWS { try await LocalAWS(checksSignatures: false) }

    private static let checking = Task { try await LocalAWS(checksSignatures: true) }
    private static let trusting = Task { try await LocalAWS(checksSignatures: false) }

    private init(checksSignatures: Bool) async throws {
        let arguments = ["\(StandIn.root)/dev/local_aws.py", "--parent", "\(getpid())"]
        process = try ChildProcess(
            Self.python(), arguments + (checksSignatures ? ["--check-signatures"] : []))
        guard await process.hasPrinted("}\n"),
            let ready = try? JSON(parsing: process.standardOutputBytes), let port = ready["port"]?.int,
            let id = ready["access_key_id"]?.string, let secret = ready["secret_access_key"]?.string
        else {
            throw LaunchFailure(
                description: "moto did not start: run `make setup`. It said: "
                    + process.standardError.suffix(400))
        }
        self.port = port
        endpoint = "http://127.0.0.1:\(port)"
        accessKeyID = id
        secretAccessKey = secret
    }

    /// `COMFY_PYTHON`, or that of the repository's virtual environment.
    public static func python() throws(LaunchFailure) -> String {
        let configured = unsafe getenv("COMFY_PYTHON").map { unsafe String(cString: $0) } ?? ""
        let path = configured.isEmpty ? StandIn.root + "/.venv/bin/python3" : configured
        guard unsafe access(path, X_OK) == 0 else {
            throw LaunchFailure(description: "There is no Python at \(path): run `make setup` first.")
        }
        return path
    }
}
