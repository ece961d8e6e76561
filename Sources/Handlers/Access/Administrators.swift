public import AWSClients
import Crypto
import JSON
public import Time

/// Administrators' accounts in a deployment's table, for whoever has AWS credentials for it: so that there is a first one who can
/// make the others by the API.
public struct Administrators: Sendable {
    private let accounts: AccountStore
    private let audit: AuditLog
    private let clock: @Sendable () -> Timestamp

    /// Of a table. Nothing is called yet.
    public init(_ aws: AWSClient, table: String) {
        let dynamoDB = DynamoDB(aws)
        let clock: @Sendable () -> Timestamp = { aws.now }
        self.clock = clock
        accounts = AccountStore(
            dynamoDB: dynamoDB, table: table,
            recent: RecentItems(dynamoDB, table: table, clock: clock))
        audit = AuditLog(dynamoDB: dynamoDB, table: table)
    }

    /// Why there is no new account, as a sentence.
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
