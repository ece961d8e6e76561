import HTTP
import JSON

/// An account's session at a deployed API, for as long as a command needs it.
struct RemoteSession: Sendable {
    let api: DeployedAPI
    let email: String
    let password: String

    /// Signs in, does the work, and signs out whatever came of it.
    func during<T>(_ work: (DeployedAPI) async throws -> T) async throws -> T {
        let answer = try await api.call(
            .post, "/v1/auth/login", ["email": .string(email), "password": .string(password)])
        guard answer.status == 200, let token = answer.body?["access_token"]?.string else {
            throw CommandFailure("You are not signed in: \(answer.reason)")
        }
        let own = api.signedIn(with: token)
        do {
            let result = try await work(own)
            await end(own)
            return result
        } catch {
            await end(own)
            throw error
        }
    }

    /// A session that cannot be ended ends by itself.
    private func end(_ api: DeployedAPI) async {
        _ = try? await api.call(.post, "/v1/auth/logout")
    }
}
