import Crypto
import HTTP
import JSON
import LambdaRuntime
import Time

/// One's own API keys.
struct KeyRoutes: Sendable {
    let services: Services
    let access: Access

    enum Fields {
        static let name = Field(required: "name", .text(1...100))
        static let scopes = Field<[Scope]?>(
            optional: "scopes",
            .list(of: .choice(Scope.jobsRead, among: Scope.ofKeys), minimum: 1, maximum: Scope.ofKeys.count))
        static let expiresInDays = Field<Int?>(optional: "expires_in_days", .integer(1...3650))
        static let requestsPerMinute = Field<Int?>(
            optional: "requests_per_minute", .integer(1...100_000))
    }

    /// `GET /v1/api-keys`.
    func list(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let keys = try await enabled().list(user.id, at: services.now)
        return .json(["api_keys": .array(keys.map(\.json))])
    }

    /// `POST /v1/api-keys`: the answer has the key's text, and nothing after it has.
    func create(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let store = try enabled()
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let name = reader.read(Fields.name)
        let scopes = reader.read(Fields.scopes)
        let days = reader.read(Fields.expiresInDays)
        let limit = reader.read(Fields.requestsPerMinute)
        let grantable = Scope.grantable(user.tier)
        if let scopes {
            for scope in scopes where !grantable.contains(scope) {
                reader.refuse(
                    "scopes", .notAllowed,
                    "'scopes' must not have '\(scope.rawValue)': it is not yours to give.")
            }
        }
        try reader.finish()
        let now = services.now
        guard try await store.list(user.id, at: now).count < APIKeyStore.maximumKeys else {
            throw APIError(
                .conflict, "You have \(APIKeyStore.maximumKeys) keys, which is as many as there may be.")
        }
        let text = APIKeyText(tier: user.tier)
        let key = APIKey(
            id: UUID.v7(milliseconds: now.milliseconds), userID: user.id, tier: user.tier, name: name,
            scopes: Set(scopes ?? [.jobsRead, .jobsWrite]), requestsPerMinute: limit, createdAt: now,
            expires: days.map { now + .seconds($0 * 86_400) }, hash: text.hash(store.pepper), lastUsed: nil)
        try await store.add(key)
        var answer = key.json.object ?? [:]
        answer["key"] = .string(text.text)
        return .json(.object(answer), status: 201, headers: ["Location": "/v1/api-keys/\(key.id)"])
    }

    /// `DELETE /v1/api-keys/{id}`.
    func revoke(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let store = try enabled()
        guard let id = request.parameters["id"].flatMap({ UUID($0) }),
            try await store.revoke(id, of: user.id)
        else { throw APIError(.notFound, "There is no such key.") }
        return HTTPResponse(status: 204)
    }

    private func enabled() throws(APIError) -> APIKeyStore {
        guard access.configuration.mode.takesKeys, let keys = access.keys else {
            throw APIError(.forbidden, "There are no API keys here.")
        }
        return keys
    }
}
