import JSON

/// What a user may use, and how much of it.
enum Tier: String, Sendable, CaseIterable, Comparable {
    case free, pro, admin

    static func < (a: Tier, b: Tier) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .free: 0
        case .pro: 1
        case .admin: 2
        }
    }

    /// Of a token's claim: a tier's name, or a list with some (Cognito's groups), of which the highest counts.
    init?(claim: JSON) {
        let names = claim.array?.compactMap(\.string) ?? claim.string.map { [$0] } ?? []
        guard let tier = names.compactMap(Tier.init(rawValue:)).max() else { return nil }
        self = tier
    }
}

/// What a credential may be used for.
enum Scope: String, Sendable, CaseIterable {
    case jobsWrite = "jobs:write"
    case jobsRead = "jobs:read"
    case files
    case templates
    case admin
    case metrics
    /// One's own account, sessions and keys. No API key has it: a key that leaks must not make more of its kind.
    case account

    /// Of a person who has signed in.
    static func ofPeople(_ tier: Tier) -> Set<Scope> {
        tier == .admin
            ? Set(allCases) : [.jobsWrite, .jobsRead, .files, .templates, .account]
    }

    /// What there may be on an API key.
    static let ofKeys = allCases.filter { $0 != .account }

    /// What a user of this tier may give an API key.
    static func grantable(_ tier: Tier) -> Set<Scope> { ofPeople(tier).intersection(ofKeys) }
}
