import Crypto
import HTTP
import JSON
import LambdaRuntime
import Time

/// What administrators do: users and their tiers, invitations, the audit log.
struct AdminRoutes: Sendable {
    let services: Services
    let access: Access
    let accounts: AccountRoutes

    enum Fields {
        static let tier = Field("tier", .choice(Tier.free), default: .free)
        static let newTier = Field<Tier?>(optional: "tier", .choice(Tier.free))
        static let status = Field<AccountStatus?>(optional: "status", .choice(AccountStatus.active))
        static let expiresInDays = Field("expires_in_days", FieldType<Int>.integer(1...90), default: 7)
        static let limit = Field("limit", FieldType<Int>.integer(1...100, textual: true), default: 50)
        static let cursor = Field<String?>(optional: "cursor", .textCursor)
        static let day = Field<String?>(optional: "day", .day)
        static let user = Field<String?>(optional: "user", .userID)
    }

    /// What an administrator may make of an account.
    enum AccountStatus: String, Sendable, CaseIterable { case active, deactivated }

    /// `GET /v1/admin/users`.
    func listUsers(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(query: request.http.query)
        let limit = reader.read(Fields.limit)
        let cursor = reader.read(Fields.cursor)
        try reader.finish()
        let page = try await access.accounts.list(limit: limit, after: cursor)
        return .json([
            "users": .array(page.accounts.map(\.json)),
            "next_cursor": page.next.map { .string(TextCursor.encode($0)) } ?? .null,
        ])
    }

    /// `POST /v1/admin/users`.
    func createUser(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        guard access.sessions != nil else { throw APIError(.forbidden, "There are no accounts here.") }
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let address = reader.read(AccountRoutes.Fields.email)
        let password = Secret(reader.read(AccountRoutes.Fields.password))
        let tier = reader.read(Fields.tier)
        try reader.finish()
        guard let email = EmailAddress(address) else {
            preconditionFailure("the field's type takes e-mail addresses only")
        }
        let account = try await accounts.create(email, password, tier)
        return .json(
            account.json, status: 201, headers: ["Location": "/v1/admin/users/\(account.userID)"])
    }

    /// `GET /v1/admin/users/{id}`.
    func showUser(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        guard let account = try await access.accounts.account(try Self.id(request)) else {
            throw Self.noSuchUser
        }
        return .json(account.json)
    }

    /// `PUT /v1/admin/users/{id}`: tier and status; what is absent stays. A foreign identity can be shut out too, and has
    /// the tier that its tokens say.
    func changeUser(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let id = try Self.id(request)
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let tier = reader.read(Fields.newTier)
        let status = reader.read(Fields.status)
        let isForeign = !id.hasPrefix(Account.ownPrefix)
        try reader.finish()
        guard !isForeign || tier == nil else {
            throw APIError(.conflict, "The tier of this user is what their tokens say.")
        }
        let account = try await somebodyElse(id, user)
        guard account.status != .deleting else {
            throw APIError(.conflict, "The account is being deleted.")
        }
        var changed = account
        if let tier { changed.tier = tier }
        if let status { changed.status = status == .active ? .active : .deactivated }
        if changed.status != .active { changed.sessionsFrom = services.now }
        try await accounts.replace(account, with: changed)
        return .json(changed.json)
    }

    /// `DELETE /v1/admin/users/{id}`: the same as their own deletion. Of a foreign identity all that is here is deleted; then
    /// it may come again, as somebody new.
    func deleteUser(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let account = try await somebodyElse(try Self.id(request), user)
        if account.status == .deleting { return .json(account.json, status: 202) }
        let closed = account.closed(at: services.now)
        try await accounts.replace(account, with: closed)
        return .json(closed.json, status: 202)
    }

    /// An account that is not the caller's own. Of a foreign identity there may be none yet: it is made, to be shut.
    private func somebodyElse(_ id: String, _ user: User) async throws -> Account {
        guard id != user.id else {
            throw APIError(.conflict, "Let another administrator change your own account.")
        }
        if let account = try await access.accounts.account(id) { return account }
        guard !id.hasPrefix(Account.ownPrefix) else { throw Self.noSuchUser }
        let known = Account(userID: id, email: nil, password: nil, tier: .free, createdAt: services.now)
        _ = try await access.accounts.add(known)
        return known
    }

    /// `POST /v1/admin/invites`.
    func invite(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let tier = reader.read(Fields.tier)
        let days = reader.read(Fields.expiresInDays)
        try reader.finish()
        guard let invites = access.invites else {
            throw APIError(.forbidden, "There are no accounts here.")
        }
        let expires = services.now + .seconds(days * 86_400)
        let code = try await invites.make(tier: tier, expires: expires)
        return .json(
            [
                "invite": .string(code), "tier": .string(tier.rawValue),
                "expires_at": .string(expires.rfc3339),
            ], status: 201)
    }

    /// `GET /v1/admin/audit`: of a day, today unless it is said; with `user` that user's alone.
    func audit(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(query: request.http.query)
        let day = reader.read(Fields.day) ?? String(services.now.rfc3339.prefix(10))
        let of = reader.read(Fields.user)
        let limit = reader.read(Fields.limit)
        let cursor = reader.read(Fields.cursor)
        if let cursor, !cursor.hasPrefix("\(day)T") {
            reader.refuse("cursor", .malformed, "'cursor' is another day's.")
        }
        try reader.finish()
        let page = try await access.audit.page(day: day, user: of, limit: limit, after: cursor)
        return .json([
            "entries": .array(page.entries.map(\.json)),
            "next_cursor": page.next.map { .string(TextCursor.encode($0)) } ?? .null,
        ])
    }

    private static let noSuchUser = APIError(.notFound, "There is no such user.")

    private static func id(_ request: APIRequest) throws(APIError) -> String {
        guard let id = request.parameters["id"], User.isID(id) else { throw noSuchUser }
        return id
    }
}

/// A cursor that is somebody's sort key, in a form that is nobody's business.
enum TextCursor {
    static func encode(_ text: String) -> String { Base64.encodeURL(Array(text.utf8)) }

    static func decode(_ text: String) -> String? {
        guard text.utf8.count <= 256, let bytes = Base64.decodeURL(text), !bytes.isEmpty,
            bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension FieldType where Value == String {
    static let textCursor = Self(blank: "", schema: ["type": "string", "maxLength": 256]) {
        json throws(Refusal) in
        guard let text = json.string.flatMap(TextCursor.decode) else {
            throw Refusal(.malformed, "must be the next_cursor of an earlier answer")
        }
        return text
    }

    /// `2026-01-31`
    static let day = Self(blank: "", schema: ["type": "string", "format": "date"]) { json throws(Refusal) in
        let expected = "must be a day, such as 2026-01-31"
        guard let text = json.string else { throw Refusal(.wrongType, expected) }
        guard text.utf8.count == 10, let time = Timestamp(rfc3339: "\(text)T00:00:00Z"),
            time.rfc3339.hasPrefix(text)
        else { throw Refusal(.malformed, expected) }
        return text
    }

    /// The id of a user.
    static let userID = Self(blank: "", schema: ["type": "string", "pattern": "^[a-z0-9-]{1,64}$"]) {
        json throws(Refusal) in
        guard let text = json.string, User.isID(text) else {
            throw Refusal(.malformed, "must be the id of a user")
        }
        return text
    }
}
