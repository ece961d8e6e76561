import Crypto
import Time

/// Whoever is calling, and what they may do. The id is fit for keys and object names.
struct User: Sendable, Hashable {
    /// By what a request proved who sent it.
    enum Credential: Sendable, Hashable {
        /// By nothing: nobody has to sign in here.
        case none
        /// The front end's authorizer vouches for it.
        case gateway
        /// A web token; `id` and `expires` are what revoking it takes, `session` is of one of our own.
        case token(id: String, expires: Timestamp, session: UUID?)
        /// An API key, and how many requests a minute it is good for when that is less than its owner's.
        case key(id: UUID, requestsPerMinute: Int?)
    }

    let id: String
    var tier = Tier.free
    var scopes = Scope.ofPeople(.free)
    var credential = Credential.gateway

    /// Everybody, where nobody has to sign in: there is nobody to be kept from anything.
    static let local = User(id: "local", tier: .admin, scopes: Set(Scope.allCases), credential: .none)

    init(
        id: String, tier: Tier = .free, scopes: Set<Scope>? = nil, credential: Credential = .gateway
    ) {
        self.id = id
        self.tier = tier
        self.scopes = scopes ?? Scope.ofPeople(tier)
        self.credential = credential
    }

    /// A foreign identity: an issuer and the name it knows its subject by. Hashed with the lengths in front, so that no two
    /// pairs share a text, and no name of somebody else's stands in keys.
    init(issuer: String, subject: String) {
        let text = "\(issuer.utf8.count):\(issuer)\(subject.utf8.count):\(subject)"
        self.init(id: "u-" + Hex.encode(Array(SHA256.hash(Array(text.utf8)).prefix(16))))
    }
}

extension User {
    /// Whether a text has the form of a user's id.
    static func isID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }
}
