import Crypto

/// What is kept of a password: scrypt's key, the salt and the cost, in PHC's form `$scrypt$ln=15,r=8,p=1$salt$key`.
struct PasswordHash: Sendable, Hashable {
    let cost: Scrypt.Cost
    let salt: [UInt8]
    let key: [UInt8]

    /// Nobody's: verified against when there is no account, so that the answer takes as long.
    static let nobody = PasswordHash(
        cost: .standard, salt: [UInt8](repeating: 0, count: 16), key: [UInt8](repeating: 0, count: 32))

    init(cost: Scrypt.Cost, salt: [UInt8], key: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    var text: String {
        let logarithm = cost.n.trailingZeroBitCount
        return "$scrypt$ln=\(logarithm),r=\(cost.r),p=\(cost.p)"
            + "$\(Base64.encodeURL(salt))$\(Base64.encodeURL(key))"
    }

    /// Of `text`; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "$")
        guard parts.count == 4, parts[0] == "scrypt", let salt = Base64.decodeURL(String(parts[2])),
            let key = Base64.decodeURL(String(parts[3]))
        else { return nil }
        var numbers: [Substring: Int] = [:]
        for part in parts[1].split(separator: ",") {
            let pair = part.split(separator: "=")
            if pair.count == 2 { numbers[pair[0]] = Int(pair[1]) }
        }
        guard let logarithm = numbers["ln"], let r = numbers["r"], let p = numbers["p"],
            (1...20).contains(logarithm)
        else { return nil }
        self.init(cost: .init(n: 1 << logarithm, r: r, p: p), salt: salt, key: key)
    }
}

/// Hashes passwords, one at a time: each takes 32 MiB, and longer than anything else here, so that it does not happen on
/// the event loop.
actor PasswordHasher {
    private var last: Task<[UInt8]?, Never>?

    /// Of a new password.
    func hash(_ password: Secret) async -> PasswordHash {
        let salt = SecureRandom.bytes(16)
        guard let key = await derive(password, salt, .standard) else {
            fatalError("scrypt refuses its usual cost")
        }
        return PasswordHash(cost: .standard, salt: salt, key: key)
    }

    /// Whether it is the password that `hash` was made of.
    func verifies(_ password: Secret, _ hash: PasswordHash) async -> Bool {
        guard let key = await derive(password, hash.salt, hash.cost) else { return false }
        return constantTimeEqual(key, hash.key)
    }

    private func derive(_ password: Secret, _ salt: [UInt8], _ cost: Scrypt.Cost) async -> [UInt8]? {
        let before = last
        let task = Task.detached {
            _ = await before?.value
            return Scrypt.derive(password, salt: salt, cost: cost)
        }
        last = task
        return await task.value
    }
}
