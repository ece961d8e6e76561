import AWSClients
import Time

/// Accounts in the table: an item for each, and one for each e-mail address that leads to it.
struct AccountStore: Sendable {
    let dynamoDB: DynamoDB
    let table: String
    let recent: RecentItems

    /// As it was within the last minute: what every request asks. nil when the table knows nothing of the user.
    func recent(_ userID: String) async throws(AWSError) -> Account? {
        try await recent.item(Account.partition(userID), Account.sortKey).flatMap(Account.init)
    }

    /// As it is now.
    func account(_ userID: String) async throws(AWSError) -> Account? {
        try await dynamoDB.get(Account.key(userID), from: table).flatMap(Account.init)
    }

    /// Whose e-mail address it is; always two reads, so that an unknown one takes as long.
    func account(_ email: EmailAddress) async throws(AWSError) -> Account? {
        let found = try await dynamoDB.get(email.key, from: table)
        let userID = found?["user"]?.string
        let account = try await account(userID ?? "nobody")
        return userID == nil ? nil : account
    }

    /// False when the e-mail address is taken. The account first: one that no address leads to is nobody's.
    func create(_ account: Account, _ email: EmailAddress) async throws(AWSError) -> Bool {
        try await dynamoDB.put(account.item, into: table, condition: .notExists("pk"))
        do {
            var item = email.key
            item["user"] = .s(account.userID)
            try await dynamoDB.put(
                item, into: table,
                condition: .or([.notExists("pk"), .equals("user", .s(account.userID))]))
            return true
        } catch  where error.code == .conditionalCheckFailed {
            try await dynamoDB.delete(Account.key(account.userID), from: table)
            return false
        }
    }

    /// Writes a changed account; false when somebody else changed it meanwhile.
    func replace(_ account: Account, with change: Account) async throws(AWSError) -> Bool {
        var change = change
        change.version = account.version + 1
        do {
            try await dynamoDB.put(
                change.item, into: table, condition: .equals("version", .n(account.version)))
        } catch  where error.code == .conditionalCheckFailed && error.attempts == 1 {
            return false
        } catch  where error.code == .conditionalCheckFailed {
            // The first attempt may have been written, its answer lost.
            let found = try await self.account(account.userID)
            if found != change { return false }
        }
        await recent.forget(Account.partition(account.userID), Account.sortKey)
        return true
    }

    /// Of a foreign identity, of whom nothing was known; false when something is.
    func add(_ account: Account) async throws(AWSError) -> Bool {
        do {
            try await dynamoDB.put(account.item, into: table, condition: .notExists("pk"))
        } catch  where error.code == .conditionalCheckFailed {
            return false
        }
        await recent.forget(Account.partition(account.userID), Account.sortKey)
        return true
    }

    /// The address first: while the account is there, whoever deletes it can go on.
    func delete(_ account: Account) async throws(AWSError) {
        if let email = account.email.flatMap({ EmailAddress($0) }) {
            do {
                try await dynamoDB.delete(
                    email.key, from: table, condition: .equals("user", .s(account.userID)))
            } catch  where error.code == .conditionalCheckFailed {
                // Gone already.
            }
        }
        try await dynamoDB.delete(Account.key(account.userID), from: table)
        await recent.forget(Account.partition(account.userID), Account.sortKey)
    }

    /// How many there are.
    func count() async throws(AWSError) -> Int {
        var query = DynamoDB.Query(
            table: table, index: TableDefinition.byUser.name,
            where: .equals("user_pk", .s(Account.listPartition)))
        query.countOnly = true
        var count = 0
        repeat {
            let page = try await dynamoDB.query(query)
            count += page.count
            query.startKey = page.lastKey
        } while query.startKey != nil
        return count
    }

    /// One page of all accounts, by user id.
    func list(limit: Int, after: String?) async throws(AWSError) -> (accounts: [Account], next: String?) {
        var condition: Condition = .equals("user_pk", .s(Account.listPartition))
        if let after { condition = .and([condition, .greater("user_sk", .s(after))]) }
        var query = DynamoDB.Query(table: table, index: TableDefinition.byUser.name, where: condition)
        query.limit = limit + 1
        let ids = try await dynamoDB.query(query).items.compactMap { $0["user_sk"]?.string }
        var accounts: [Account] = []
        for id in ids.prefix(limit) {
            if let account = try await account(id) { accounts.append(account) }
        }
        return (accounts, ids.count > limit ? ids[limit - 1] : nil)
    }
}
