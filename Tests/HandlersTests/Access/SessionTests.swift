import AWSClients
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(2)))
struct SessionTests {
    private func refresh(_ bench: AccessBench, _ token: String) async -> APIBench.Answer {
        await bench.send(.post, "/v1/auth/refresh", ["refresh_token": .string(token)])
    }

    @Test func aRefreshTokenIsGoodForOneUse() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let first = await refresh(bench, ada.refresh)
        #expect(first.status == 200)
        let access = try #require(first.json?["access_token"]?.string)
        let next = try #require(first.json?["refresh_token"]?.string)
        #expect(next != ada.refresh)
        #expect(await bench.send(.get, "/v1/jobs", token: access).status == 200)
        #expect(await refresh(bench, next).status == 200)
    }

    @Test func reuseEndsTheWholeSessionAndNoOther() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let other = await bench.login(ada.email)
        let second = await refresh(bench, ada.refresh)
        let access = try #require(second.json?["access_token"]?.string)
        #expect(await bench.send(.get, "/v1/jobs", token: access).status == 200)
        // A thief, or she: nobody can tell.
        #expect(await refresh(bench, ada.refresh).status == 401)
        #expect(await refresh(bench, try #require(second.json?["refresh_token"]?.string)).status == 401)
        #expect(await bench.send(.get, "/v1/jobs", token: access).status == 401)
        #expect(await bench.send(.get, "/v1/jobs", token: ada.access).status == 401)
        let elsewhere = try #require(other.json?["access_token"]?.string)
        #expect(await bench.send(.get, "/v1/jobs", token: elsewhere).status == 200)
    }

    @Test func signingOutEndsTheSession() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        #expect(await bench.send(.post, "/v1/auth/logout", token: ada.access).status == 204)
        #expect(await bench.send(.get, "/v1/jobs", token: ada.access).status == 401)
        #expect(await refresh(bench, ada.refresh).status == 401)
    }

    @Test func aForeignTokenCanBeMadeVoid() async throws {
        let bench = try await AccessBench.start()
        let token = bench.foreignToken("alice")
        #expect(await bench.send(.get, "/v1/jobs", token: token).status == 200)
        #expect(await bench.send(.post, "/v1/auth/logout", token: token).status == 204)
        #expect(await bench.send(.get, "/v1/jobs", token: token).status == 401)
        #expect(await bench.send(.get, "/v1/jobs", token: bench.foreignToken("bob")).status == 200)
    }

    @Test func aMadeUpRefreshTokenEndsNobodysSession() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        var bytes = try #require(Base64.decodeURL(String(ada.refresh.dropFirst(7))))
        bytes[19] ^= 1
        let forged = "comfyr_" + Base64.encodeURL(bytes)
        for text in [forged, "comfyr_", "", String(ada.refresh.dropLast()), ada.refresh + "A"] {
            #expect([400, 401].contains(await refresh(bench, text).status))
        }
        #expect(await refresh(bench, ada.refresh).status == 200)
    }

    @Test func aSessionIsOverAfterThirtyDays() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let sessions = try #require(bench.stack.bench.access.sessions)
        let token = try #require(RefreshToken(ada.refresh, sessions.keys))
        let key: Item = ["pk": .s("SESSION#\(token.session)"), "sk": .s("SESSION")]
        let found = try await bench.dynamoDB.get(key, from: bench.table)
        let expires = try #require(found?["expires_at"]?.int64)
        #expect(abs(expires - bench.services.now.seconds - 30 * 86_400) < 60)
        try await bench.dynamoDB.update(
            key, in: bench.table, [.set("expires_at", .n(bench.services.now.seconds))])
        #expect(await refresh(bench, ada.refresh).status == 401)
    }
}
