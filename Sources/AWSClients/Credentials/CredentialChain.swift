import HTTP

/// One link of the chain. A new kind of credentials is one file that conforms to this, and a line in
/// `CredentialChain.standard`.
protocol CredentialSource: Sendable {
    /// In the error that names every source tried.
    var name: String { get }
    /// `passed` when this source is not configured at all. One that is configured but cannot deliver throws
    /// `noCredentials` and ends the chain: to go on as somebody else would be a surprise.
    func look() async throws(AWSError) -> CredentialLookup
}

/// What a source of the chain found.
enum CredentialLookup: Sendable {
    case found(Credentials)
    case passed(because: String)
}

/// The first of several sources that has credentials.
struct CredentialChain: CredentialProvider {
    let sources: [any CredentialSource]

    /// The order of the AWS SDKs: environment, shared files, web identity, container, instance. `http` talks to the
    /// agents beside this program and to STS.
    static func standard(_ context: CredentialContext) -> CredentialChain {
        let (environment, http) = (context.environment, context.http)
        return CredentialChain(sources: [
            EnvironmentCredentials(environment: environment),
            ProfileCredentials(context: context),
            WebIdentityCredentials(environment: environment, sts: context.sts(as: nil)),
            ContainerCredentials(environment: environment, http: http),
            InstanceCredentials(environment: environment, http: http),
        ])
    }

    func credentials() async throws(AWSError) -> Credentials {
        var tried: [String] = []
        for source in sources {
            do throws(AWSError) {
                switch try await source.look() {
                case .found(let credentials): return credentials
                case .passed(let reason): tried.append("\(source.name): \(reason)")
                }
            } catch {
                if error.code == .cancelled { throw error }
                tried.append("\(source.name): \(error.message)")
                throw AWSError(
                    code: .noCredentials, message: tried.joined(separator: "; "), underlying: error.underlying
                )
            }
        }
        throw AWSError(code: .noCredentials, message: tried.joined(separator: "; "))
    }
}

extension [String: String] {
    /// A variable's value; an empty one counts as unset, because the local Lambda emulator sets them so.
    func nonEmpty(_ name: String) -> String? {
        guard let value = self[name], !value.isEmpty else { return nil }
        return value
    }
}
