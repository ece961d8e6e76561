import HTTP
import JSON

/// What a program prints: `credential_process` of a profile
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html). No shell is involved, and the
/// program has a minute and 64 KB. What it writes to standard error goes to this program's own.
struct ProcessCredentials: CredentialProvider {
    let command: String
    let environment: [String: String]
    let clock: AWSClient.Clock
    let loop: EventLoop
    var timeout = Duration.seconds(60)

    static let outputLimit = 64 << 10

    func credentials() async throws(AWSError) -> Credentials {
        guard let words = CommandWords.split(command), let program = words.first, !program.isEmpty else {
            throw .noCredentials("credential_process names no program, or has a quote without its end")
        }
        let output: [UInt8]
        do {
            output = try await ProgramOutput.of(
                words, environment: environment, limit: Self.outputLimit, timeout: timeout, on: loop)
        } catch let failure as ProgramOutput.Failure {
            throw .noCredentials("credential_process \(program) \(failure.reason)")
        } catch {
            throw AWSError(code: .cancelled, message: "cancelled")
        }
        guard (try? JSON(parsing: output, maximumDepth: 8))?["Version"]?.int == 1 else {
            throw .noCredentials("credential_process \(program) printed no JSON with Version 1")
        }
        let credentials = try CredentialDocument.read(
            output, tokenName: "SessionToken", from: "credential_process \(program)")
        if let expiration = credentials.expiration, expiration <= clock.now() {
            throw .noCredentials("credential_process \(program) printed credentials that have expired")
        }
        return credentials
    }
}
