import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Time

/// Accounts of this deployment: registering, signing in and out, and what one may do with one's own.
struct AccountRoutes: Sendable {
    let services: Services
    let access: Access

    enum Fields {
        static let email = Field(required: "email", .email)
        static let password = Field(required: "password", .password)
        static let invite = Field<String?>(optional: "invite", .text(1...64))
        static let refreshToken = Field(required: "refresh_token", .text(1...128))
        static let currentPassword = Field(required: "current_password", .text(1...256))
        static let newPassword = Field(required: "new_password", .password)
        static let givenPassword = Field(required: "password", .text(1...256))
        static let confirmation = Field<String?>(optional: "password", .text(1...256))
    }

    /// `POST /v1/auth/register`.
    func register(_ request: APIRequest) async throws -> SignIn {
        let sessions = try enabled()
        guard access.configuration.registration != .closed else {
            throw APIError(.forbidden, "Registration is closed; an administrator makes accounts.")
        }
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let email = EmailAddress(reader.read(Fields.email))
        let password = reader.read(Fields.password)
        let code = reader.read(Fields.invite)
        try reader.finish()
        guard let email else { throw Self.wrong }
        var tier = Tier.free
        if access.configuration.registration == .invite || code != nil {
            // Who has none does not learn whose address is taken, and it is not spent on one that is.
            guard let invites = access.invites, let code,
                try await invites.isGood(code, at: services.now)
            else { throw Self.noInvitation }
            guard try await access.accounts.account(email) == nil else { throw Self.taken }
            guard let invite = try await invites.take(code, at: services.now) else {
                throw Self.noInvitation
            }
            tier = invite
        }
        let account = try await create(email, Secret(password), tier)
        let tokens = try await sessions.begin(for: account, at: services.now)
        var answer = tokens.json.object ?? [:]
        answer["user"] = account.json
        return SignIn(response: .json(.object(answer), status: 201), userID: account.userID)
    }

    /// A new account; for `register` and for administrators.
    func create(_ email: EmailAddress, _ password: Secret, _ tier: Tier) async throws -> Account {
        let now = services.now
        let account = Account(
            userID: "\(Account.ownPrefix)\(UUID.v7(milliseconds: now.milliseconds))", email: email.text,
            password: await access.hasher.hash(password), tier: tier, createdAt: now)
        guard try await access.accounts.create(account, email) else {
            throw Self.taken
        }
        return account
    }

    /// `POST /v1/auth/login`. An unknown address, a wrong password and an account that is shut out are answered alike,
    /// after the same work.
    func login(_ request: APIRequest) async throws -> SignIn {
        let sessions = try enabled()
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let email = EmailAddress(reader.read(Fields.email))
        let password = Secret(reader.read(Fields.givenPassword))
        try reader.finish()
        guard let email else { throw Self.wrong }
        try await access.limiter.countLogin(email, from: request.http.sourceAddress)
        let account = try await access.accounts.account(email)
        let isRight = await access.hasher.verifies(password, account?.password ?? .nobody)
        guard isRight, let account, account.password != nil, account.status == .active else {
            return SignIn(response: HTTPResponse(Self.wrong, requestID: request.id), userID: account?.userID)
        }
        await access.limiter.forgiveLogin(email, from: request.http.sourceAddress)
        let tokens = try await sessions.begin(for: account, at: services.now)
        return SignIn(response: .json(tokens.json), userID: account.userID)
    }

    /// `POST /v1/auth/refresh`.
    func refresh(_ request: APIRequest) async throws -> SignIn {
        let sessions = try enabled()
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let text = reader.read(Fields.refreshToken)
        try reader.finish()
        let accounts = access.accounts
        let outcome = try await sessions.refresh(text, at: services.now) { id throws(AWSError) in
            try await accounts.account(id)
        }
        switch outcome {
        case .tokens(let tokens, let userID):
            return SignIn(response: .json(tokens.json), userID: userID)
        case .reused(let userID):
            return SignIn(response: HTTPResponse(.invalidCredential, requestID: request.id), userID: userID)
        case .refused: throw APIError.invalidCredential
        }
    }

    /// `POST /v1/auth/logout`: the token that was sent with it is void from now on, and its session over.
    func logout(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        try JSONBody.expectNone(of: request.http)
        guard case .token(let id, let expires, let session) = user.credential else {
            throw APIError(.conflict, "Whoever vouches for you here does not say it with a token.")
        }
        if let session, let sessions = access.sessions {
            try await sessions.revoke(session, at: services.now)
        } else {
            try await access.revocations.add(id, until: expires)
        }
        return HTTPResponse(status: 204)
    }

    /// `GET /v1/auth/account`.
    func show(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var answer: JSON.Object = [
            "user_id": .string(user.id), "email": .null, "tier": .string(user.tier.rawValue),
            "scopes": .array(user.scopes.map(\.rawValue).sorted().map { .string($0) }),
        ]
        answer["email"] = try await access.accounts.account(user.id)?.email.map { .string($0) } ?? .null
        return .json(.object(answer))
    }

    /// `POST /v1/auth/password`: ends every session but the new one it answers with.
    func changePassword(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let sessions = try enabled()
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let current = Secret(reader.read(Fields.currentPassword))
        let new = Secret(reader.read(Fields.newPassword))
        try reader.finish()
        let account = try await verified(user, current, request)
        var changed = account
        changed.password = await access.hasher.hash(new)
        changed.sessionsFrom = services.now
        try await replace(account, with: changed)
        return .json(try await sessions.begin(for: changed, at: services.now).json)
    }

    /// `POST /v1/auth/deactivate`: nobody signs in any more, no key is good; an administrator can undo it.
    func deactivate(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let password = Secret(reader.read(Fields.givenPassword))
        try reader.finish()
        let account = try await verified(user, password, request)
        var changed = account
        changed.status = .deactivated
        changed.sessionsFrom = services.now
        try await replace(account, with: changed)
        return HTTPResponse(status: 204)
    }

    /// `DELETE /v1/auth/account`: signed out at once; the sweep removes what is theirs, the account last.
    func delete(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let password = Secret(reader.read(Fields.givenPassword))
        try reader.finish()
        let account = try await verified(user, password, request)
        let closed = account.closed(at: services.now)
        try await replace(account, with: closed)
        return .json(closed.json, status: 202)
    }

    /// The caller's own account, when `password` is its. Wrong ones count as attempts to log in.
    func verified(_ user: User, _ password: Secret, _ request: APIRequest) async throws -> Account {
        guard let account = try await access.accounts.account(user.id), let hash = account.password,
            let email = account.email.flatMap({ EmailAddress($0) })
        else { throw APIError(.conflict, "Your account is not of this service.") }
        try await access.limiter.countLogin(email, from: request.http.sourceAddress)
        guard await access.hasher.verifies(password, hash) else {
            throw APIError(.forbidden, "The password is not right.")
        }
        await access.limiter.forgiveLogin(email, from: request.http.sourceAddress)
        return account
    }

    /// Writes a changed account, unless somebody else has changed it meanwhile.
    func replace(_ account: Account, with changed: Account) async throws {
        guard try await access.accounts.replace(account, with: changed) else {
            throw APIError(.conflict, "The account was changed at the same time; try again.")
        }
    }

    private func enabled() throws(APIError) -> Sessions {
        guard access.configuration.mode.hasAccounts, let sessions = access.sessions else {
            throw APIError(.forbidden, "There are no accounts here.")
        }
        return sessions
    }

    private static let noInvitation = APIError(
        .forbidden, "Registration takes an invitation that was not used before.")
    private static let taken = APIError(
        .conflict, "There is an account with this e-mail address already.")
    private static let wrong = APIError.unauthenticated("The e-mail address or the password is not right.")
}

extension FieldType where Value == String {
    /// An e-mail address.
    static let email = Self(
        blank: "", schema: ["type": "string", "format": "email", "minLength": 3, "maxLength": 254]
    ) { json throws(Refusal) in
        let expected = "must be an e-mail address"
        guard let text = json.string else { throw Refusal(.wrongType, expected) }
        guard EmailAddress(text) != nil else { throw Refusal(.malformed, expected) }
        return text
    }

    /// A password to be: 10 characters or more, and no more than are worth hashing.
    static let password = text(10...256)
}
