import Crypto
import HTTP
import JSON
import LocalServer
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1)))
struct RemoteKeySetTests {
    /// An issuer's key address, with a clock that a test sets.
    private final class Issuer: Sendable {
        struct State {
            var status = 200
            var body: [UInt8]
            var asked = 0
            var now = Timestamp(milliseconds: TokenWorkshop.now * 1000)
        }
        let state: Arc
        let server: HTTPServer
        let keys: RemoteKeySet

        final class Arc: Sendable {
            let value: Mutex<State>
            init(_ state: State) { value = Mutex(state) }
        }

        init(_ kids: String...) throws {
            let state = Arc(State(body: Issuer.document(kids)))
            self.state = state
            server = try HTTPServer(on: testLoop) { _ in
                state.value.withLock { state in
                    state.asked += 1
                    return ServerResponse(status: state.status, headers: [:], body: state.body)
                }
            }
            let url = try #require(URL("http://127.0.0.1:\(server.port)/.well-known/jwks.json"))
            keys = RemoteKeySet(
                url, http: HTTPClient(loop: testLoop), clock: { state.value.withLock { $0.now } })
        }

        static func document(_ kids: [String]) -> [UInt8] {
            let keys = kids.map { kid -> JSON in
                [
                    "kty": "EC", "crv": "P-256", "kid": .string(kid),
                    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
                ]
            }
            return JSON.object(["keys": .array(keys)]).serialized()
        }

        var asked: Int { state.value.withLock { $0.asked } }
        func pass(_ time: Duration) { state.value.withLock { $0.now = $0.now + time } }
        func publish(_ kids: String...) { state.value.withLock { $0.body = Issuer.document(kids) } }
        func answer(_ status: Int) { state.value.withLock { $0.status = status } }

        func finds(_ kid: String) async throws -> Int? {
            let header = TokenWorkshop.part(#"{"alg":"ES256","kid":"\#(kid)"}"#)
            return await keys.candidates(for: try WebToken("\(header).e30.AA"))?.count
        }
    }

    @Test func keysAreFetchedOnceAndKept() async throws {
        let issuer = try Issuer("one")
        defer { issuer.server.stop() }
        for _ in 0..<5 { #expect(try await issuer.finds("one") == 1) }
        #expect(issuer.asked == 1)
        issuer.pass(.seconds(601))
        #expect(try await issuer.finds("one") == 1)
        #expect(issuer.asked == 2)
    }

    @Test func anUnknownKeyIsAskedForAtMostOnceAMinute() async throws {
        let issuer = try Issuer("one")
        defer { issuer.server.stop() }
        #expect(try await issuer.finds("one") == 1)
        issuer.publish("one", "two")
        for _ in 0..<5 { #expect(try await issuer.finds("two") == 0) }
        #expect(issuer.asked == 1)
        issuer.pass(.seconds(60))
        #expect(try await issuer.finds("two") == 1)
        #expect(issuer.asked == 2)
        for _ in 0..<5 { #expect(try await issuer.finds("three") == 0) }
        #expect(issuer.asked == 2)
    }

    @Test func oldKeysOutliveAnOutageAndNotADay() async throws {
        let issuer = try Issuer("one")
        defer { issuer.server.stop() }
        #expect(try await issuer.finds("one") == 1)
        issuer.answer(500)
        issuer.pass(.seconds(3600))
        #expect(try await issuer.finds("one") == 1)
        issuer.pass(.seconds(86_400))
        #expect(try await issuer.finds("one") == nil)
        issuer.answer(200)
        issuer.pass(.seconds(60))
        #expect(try await issuer.finds("one") == 1)
    }

    @Test func withoutKeysNobodyKnows() async throws {
        let issuer = try Issuer("one")
        defer { issuer.server.stop() }
        issuer.answer(404)
        #expect(try await issuer.finds("one") == nil)
        #expect(try await issuer.finds("one") == nil)
        #expect(issuer.asked == 1)
    }

    @Test(arguments: [
        #"{"keys":[{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}]}"#,
        #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#,
        #"{"keys":[{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"}]}"#,
        #"{"keys":[{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}]}"#, #"{"keys":[7,null,{}]}"#,
    ])
    func whatIsNoPublicKeyForSignaturesIsPassedOver(_ text: String) throws {
        #expect(TokenKeySet(jwks: Array(text.utf8))?.entries.count == 0)
    }

    @Test(arguments: ["", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[],"keys":[]}"#])
    func whatIsNoSetIsNone(_ text: String) throws {
        #expect(TokenKeySet(jwks: Array(text.utf8)) == nil)
    }
}
