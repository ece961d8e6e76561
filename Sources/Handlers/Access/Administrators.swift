public import AWSClients
import Crypto
import JSON
public import Time

/// Administrators' accounts and invitations in a deployment's table, for whoever has AWS credentials for it: so that there is a first
/// administrator, who can make the others by the API.
public struct Administrators: Sendable {
    private let aws: AWSClient
    private let table: String
    private let accounts: AccountStore
    private let audit: AuditLog
    private let clock: @Sendable () -> Timestamp

    /// Of a table. Nothing is called yet.
    public init(_ aws: AWSClient, table: String) {
        self.aws = aws
        self.table = table
        let dynamoDB = DynamoDB(aws)
        let clock: @Sendable () -> Timestamp = { aws.now }
        self.clock = clock
        accounts = AccountStore(
            dynamoDB: dynamoDB, table: table,
            recent: RecentItems(dynamoDB, table: table, clock: clock))
        audit = AuditLog(dynamoDB: dynamoDB, table: table)
    }

    /// Why there is no new account or invitation, as a sentence.
    public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        /// For a person to read.
        public let description: String
    }

    /// One of them.
    public struct Administrator: Sendable, Hashable {
        /// As the API's `user_id`.
        public let userID: String
        /// nil for a foreign identity, which no table of ours makes an administrator.
        public let email: String?
        /// Whether the account may be used.
        public let isActive: Bool
        /// When it was made.
        public let createdAt: Timestamp

        init(_ account: Account) {
            userID = account.userID
            email = account.email
            isActive = account.status == .active
            createdAt = account.createdAt
        }
    }

    /// Makes an administrator, with an audit entry. The rules for address and password are those of the API.
    /// - Throws: `Refusal`, when one of the two is none, or the address is taken; what the table says.
    public func create(email text: String, password: String) async throws -> Administrator {
        guard let email = EmailAddress(text) else {
            throw Refusal(description: "'\(text)' is no e-mail address.")
        }
        do {
            _ = try FieldType<String>.password.parse(.string(password))
        } catch {
            throw Refusal(description: "The password \(error.reason).")
        }
        let now = clock()
        let account = Account(
            userID: "\(Account.ownPrefix)\(UUID.v7(milliseconds: now.milliseconds))", email: email.text,
            password: await PasswordHasher().hash(Secret(password)), tier: .admin, createdAt: now)
        guard try await accounts.create(account, email) else {
            throw Refusal(description: "There is an account with this e-mail address already.")
        }
        await audit.record(
            AuditEntry(
                at: now, userID: account.userID, operation: "createAdministrator", tool: "admin create"))
        return Administrator(account)
    }

    /// What lets somebody register, once.
    public struct Invitation: Sendable, Hashable {
        /// The only copy: the table has its hash.
        public let code: String
        /// Of the account that it is for: `free`, `pro` or `admin`.
        public let tier: String
        /// When it is good for nothing.
        public let expiresAt: Timestamp
    }

    /// Makes an invitation, with an audit entry. The rules are those of `POST /v1/admin/invites`.
    ///
    /// `variables` are those of the deployment's functions: codes are hashed under its `TOKEN_SECRET`, which may be a reference
    /// (`secret:`, `ssm:`) and is then looked up as the functions do.
    /// - Throws: `Refusal`, when the tier, the days or the secret is none; what the table says.
    public func invite(tier name: String, days: Int, variables: [String: String]) async throws -> Invitation {
        let tier: Tier
        let validDays: Int
        do {
            tier = try AdminRoutes.Fields.tier.parse(.string(name))
            validDays = try AdminRoutes.Fields.expiresInDays.parse(.number(days))
        } catch {
            throw Refusal(description: "An invitation's tier or number of days \(error.reason).")
        }
        let now = clock()
        let invites = Invites(dynamoDB: DynamoDB(aws), table: table, key: try await invitationKey(variables))
        let expires = now + .seconds(validDays * 86_400)
        let code = try await invites.make(tier: tier, expires: expires)
        await audit.record(
            AuditEntry(at: now, userID: nil, operation: "createInvite", tool: "admin invite"))
        return Invitation(code: code, tier: tier.rawValue, expiresAt: expires)
    }

    private func invitationKey(_ variables: [String: String]) async throws(Refusal) -> HMACKey {
        let name = AccessConfiguration.tokenSecretVariable
        let found: [Secret]
        do {
            let source = ConfigurationSource(variables.filter { $0.key == name }, aws: aws)
            found = try AccessConfiguration.tokenSecrets(EnvironmentReader(try await source.values()))
        } catch {
            throw Refusal(description: "\(error.description).")
        }
        guard let secret = found.first else {
            throw Refusal(description: "An invitation takes \(name) of the deployment's functions.")
        }
        return secret.withBytes { HMACKey($0) }
    }

    /// All of them, oldest first.
    public func list() async throws(AWSError) -> [Administrator] {
        var found: [Administrator] = []
        var after: String?
        repeat {
            let page = try await accounts.list(limit: 100, after: after)
            found += page.accounts.filter { $0.tier == .admin }.map(Administrator.init)
            after = page.next
        } while after != nil
        return found
    }
}
