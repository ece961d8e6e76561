public import Crypto
public import Time

/// Who signs: a key pair, and for temporary ones the session token that goes with it.
public struct Credentials: Sendable, Hashable {
    /// May contain a colon.
    public var accessKeyID: String
    /// Never in a log, an error or an address; wiped from memory when the last copy of the credentials goes.
    public var secretAccessKey: Secret
    /// Sent and signed with every request when there is one.
    public var sessionToken: String?
    /// When they stop to hold; nil = never.
    public var expiration: Timestamp?

    /// Credentials as given. The text of the secret stays the caller's.
    public init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil,
        expiration: Timestamp? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = Secret(secretAccessKey)
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The key's id alone: what is printed or dumped by mistake must not hold the secret.
    public var description: String { "Credentials(\(accessKeyID))" }
    /// As `description`.
    public var debugDescription: String { description }
    /// No children, so that `dump` shows none.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Gives the credentials to sign with. `AWSClient` keeps what it gave until shortly before it expires.
public protocol CredentialProvider: Sendable {
    /// Throws `noCredentials` with a message that says why there are none.
    func credentials() async throws(AWSError) -> Credentials
}

/// Given explicitly, credentials are their own provider.
extension Credentials: CredentialProvider {
    /// Themselves.
    public func credentials() async throws(AWSError) -> Credentials { self }
}
