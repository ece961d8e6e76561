import AWSClients
import Crypto
import Time

/// Invitations to register: each good for one account, of the tier that it names.
struct Invites: Sendable {
    let dynamoDB: DynamoDB
    let table: String
    /// Under which the codes are hashed.
    let key: HMACKey

    static let prefix = "comfyi_"

    /// A new code, which is stored as its hash alone.
    func make(tier: Tier, expires: Timestamp) async throws(AWSError) -> String {
        let code = Self.prefix + Base64.encodeURL(SecureRandom.bytes(32))
        var item = self.item(code)
        item["tier"] = .s(tier.rawValue)
        item[TableDefinition.timeToLiveAttribute] = .n(expires.seconds)
        try await dynamoDB.put(item, into: table)
        return code
    }

    /// Whether a code could be used up now.
    func isGood(_ code: String, at now: Timestamp) async throws(AWSError) -> Bool {
        guard Self.isCode(code), let found = try await dynamoDB.get(item(code), from: table) else {
            return false
        }
        return (found[TableDefinition.timeToLiveAttribute]?.int64).map { $0 > now.seconds } ?? false
    }

    private static func isCode(_ text: String) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == prefix.utf8.count + 43
    }

    /// Uses a code up; nil when it is none, or was used before.
    func take(_ code: String, at now: Timestamp) async throws(AWSError) -> Tier? {
        guard Self.isCode(code) else { return nil }
        do {
            let taken = try await dynamoDB.delete(
                item(code), from: table,
                condition: .greater(
                    AttributePath(names: TableDefinition.timeToLiveAttribute), .n(now.seconds)),
                returning: .allOld)
            return (taken?["tier"]?.string).flatMap(Tier.init(rawValue:))
        } catch  where error.code == .conditionalCheckFailed {
            return nil
        }
    }

    private func item(_ code: String) -> Item {
        let hash = key.derived(Array("invitation".utf8)).code(of: Array(code.utf8))
        return ["pk": .s("INVITE#\(Hex.encode(hash))"), "sk": .s("INVITE")]
    }
}
