import HTTP
import JSON
import Telemetry
import Time

/// An issuer's keys at the address where it publishes them (RFC 7517): fetched when first needed, kept, and fetched
/// again when they are old or a token names one that is not among them.
actor RemoteKeySet {
    private let url: URL
    private let http: HTTPClient
    private let clock: @Sendable () -> Timestamp
    private var keys: TokenKeySet?
    private var fetchedAt: Timestamp?
    private var triedAt: Timestamp?
    private var fetching: Task<Void, any Error>?

    /// How old keys may be before they are fetched again.
    static let lifetime: Duration = .seconds(600)
    /// For how long keys that cannot be fetched again are still believed.
    static let grace: Duration = .seconds(86_400)
    /// An unknown `kid` is anybody's to send: the issuer is asked at most this often for it.
    static let pause: Duration = .seconds(60)
    /// While there are no keys at all nobody can sign in.
    static let firstPause: Duration = .seconds(5)

    /// `clock` decides what is old.
    init(_ url: URL, http: HTTPClient, clock: @escaping @Sendable () -> Timestamp) {
        self.url = url
        self.http = http
        self.clock = clock
    }

    /// The keys that may have made the token. Empty when none may have; nil when the issuer's keys are not to be had.
    func candidates(for token: WebToken) async -> [TokenKey]? {
        if isOld { await refresh() }
        if let found = keys?.candidates(for: token), !found.isEmpty { return found }
        await refresh()
        return keys?.candidates(for: token)
    }

    private var isOld: Bool { fetchedAt.map { clock() - $0 > Self.lifetime } ?? true }

    /// Fetches once, for all who wait, unless that was tried just now.
    private func refresh() async {
        if let fetching {
            _ = await fetching.result
            return
        }
        let now = clock()
        if let triedAt, now - triedAt < (keys == nil ? Self.firstPause : Self.pause) { return }
        triedAt = now
        let task = http.loop.task { await self.fetch() }
        fetching = task
        _ = await task.result
        fetching = nil
    }

    private func fetch() async {
        do {
            var request = HTTPClient.Request(.get, url, headers: ["accept": "application/json"])
            request.timeouts.total = .seconds(5)
            request.responseLimit = 256 << 10
            let response = try await http.send(request)
            guard response.status == 200, let found = TokenKeySet(jwks: response.body) else {
                throw Unreadable(status: response.status)
            }
            keys = found
            fetchedAt = clock()
        } catch {
            Log.error("the token issuer's keys cannot be fetched", ["error": .string("\(error)")])
            if let fetchedAt, clock() - fetchedAt > Self.grace { keys = nil }
        }
    }

    private struct Unreadable: Error, CustomStringConvertible {
        let status: Int
        var description: String { "status \(status), or no JWK set" }
    }
}
