import AWSClients
import Crypto
import Glibc
import HTTP
import JSON
import Telemetry
import Time

/// How many requests a minute: of a user by tier, of an API key, of an address where nobody has signed in. Counted in
/// the table, in windows that begin with each full minute, so that two of them may meet at one.
struct RateLimiter: Sendable {
    let counters: Counters
    let failure: AccessConfiguration.CounterFailure
    let clock: @Sendable () -> Timestamp
    private let spent = SpentWindows()

    /// What is counted of an address, and its limit a minute.
    enum Purpose: String, Sendable {
        /// Signing in, registering, refreshing.
        case signIn = "sign_in"
        /// Requests whose key or token was refused, or that had none.
        case refusal

        var limit: Int {
            switch self {
            case .signIn: 20
            case .refusal: 60
            }
        }
    }

    init(
        _ counters: Counters, _ failure: AccessConfiguration.CounterFailure,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.counters = counters
        self.failure = failure
        self.clock = clock
    }

    /// Requests a minute of a tier, of which so many may make jobs; nil for as many as one likes.
    static func limits(of tier: Tier) -> (requests: Int, executions: Int)? {
        switch tier {
        case .free: (60, 10)
        case .pro: (600, 100)
        case .admin: nil
        }
    }

    /// Counts a user's request, and gives the headers that tell how many are left.
    func count(_ user: User, isExecution: Bool) async throws(APIError) -> HTTPHeaders {
        var headers: HTTPHeaders = [:]
        if let limits = Self.limits(of: user.tier) {
            var steps = [Counters.Step(name: "requests", amount: 1, limit: limits.requests)]
            if isExecution { steps.append(.init(name: "executions", amount: 1, limit: limits.executions)) }
            headers = try await take(
                steps, "USER#\(user.id)", "This user's requests of this minute are used up.")
        }
        if case .key(let id, let limit?) = user.credential {
            let own = try await take(
                [.init(name: "requests", amount: 1, limit: limit)], "KEY#\(id)",
                "This key's requests of this minute are used up.")
            if headers["X-RateLimit-Limit"] == nil || Self.remaining(own) < Self.remaining(headers) {
                headers = own
            }
        }
        return headers
    }

    /// Counts a request of nobody known.
    func count(_ address: String?, _ purpose: Purpose) async throws(APIError) {
        _ = try await take(
            [.init(name: "requests", amount: 1, limit: purpose.limit)],
            "ADDRESS#\(purpose.rawValue)#\(Self.subject(address))",
            "Too many requests from this address; wait a minute.")
    }

    /// Seconds in which attempts to log in are counted together.
    private static let attempts: Int64 = 15 * 60

    /// Counts an attempt to log in: of the account from this address, of the account, and of the address. So nobody
    /// guesses for long, and who guesses at somebody's password seldom shuts them out.
    func countLogin(_ email: EmailAddress, from address: String?) async throws(APIError) {
        for (subject, limit) in Self.loginSubjects(email, address) {
            _ = try await take(
                [.init(name: "requests", amount: 1, limit: limit)], subject,
                "Too many attempts to log in; wait a while.", window: Self.attempts)
        }
    }

    /// An attempt that was right does not count.
    func forgiveLogin(_ email: EmailAddress, from address: String?) async {
        for (subject, _) in Self.loginSubjects(email, address) {
            _ = try? await take(
                [.init(name: "requests", amount: -1, limit: nil)], subject, "", window: Self.attempts)
        }
    }

    private static func loginSubjects(_ email: EmailAddress, _ address: String?) -> [(String, Int)] {
        let network = subject(address)
        return [
            ("LOGIN#\(email.hash)#\(network)", 10), ("LOGIN#\(email.hash)", 100),
            ("ADDRESS#login#\(network)", 30),
        ]
    }

    private func take(
        _ steps: [Counters.Step], _ subject: String, _ message: String, window length: Int64 = 60
    ) async throws(APIError) -> HTTPHeaders {
        let now = clock()
        let window = Window(at: now, length)
        // Whoever is over a limit already costs no more calls.
        for step in steps where await spent.contains(Self.counter(subject, step), at: now) {
            throw window.refusal(message, [step], [:], at: now)
        }
        let outcome: Counters.Outcome
        do {
            outcome = try await counters.add(
                steps, to: ["pk": .s("LIMIT#\(subject)"), "sk": .s("\(window.start)")],
                expires: Timestamp(milliseconds: (window.end + 60) * 1000))
        } catch {
            Log.error("a request cannot be counted", ["error": .string("\(error)")])
            if failure == .open { return [:] }
            throw .unavailable("Requests cannot be counted at the moment.")
        }
        if outcome.isWithin { return window.headers(steps, outcome.values) }
        // Executions may be spent while other requests are not.
        for step in steps where (outcome.values[step.name] ?? 0) >= step.limit ?? .max {
            await spent.add(
                Self.counter(subject, step), until: Timestamp(milliseconds: window.end * 1000))
        }
        throw window.refusal(message, steps, outcome.values, at: now)
    }

    private static func counter(_ subject: String, _ step: Counters.Step) -> String {
        "\(subject) \(step.name)"
    }

    private static func remaining(_ headers: HTTPHeaders) -> Int {
        headers["X-RateLimit-Remaining"].flatMap { Int($0) } ?? .max
    }

    /// One person's network: an IPv4 address, or the first half of an IPv6 one, of which anybody has the rest.
    static func subject(_ address: String?) -> String {
        guard let address else { return "unknown" }
        var bytes = in6_addr()
        guard unsafe inet_pton(AF_INET6, address, &bytes) == 1 else { return String(address.prefix(64)) }
        let all = unsafe withUnsafeBytes(of: &bytes) { unsafe Array($0) }
        // An IPv4 address as a dual-stack socket has it (RFC 4291 §2.5.5.2): they are not all one network.
        if all.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            return all.suffix(4).map { "\($0)" }.joined(separator: ".")
        }
        return Hex.encode(Array(all.prefix(8))) + "::"
    }

    /// A minute or more, in seconds since 1970.
    private struct Window {
        let start: Int64
        let end: Int64

        init(at now: Timestamp, _ length: Int64) {
            start = now.seconds / length * length
            end = start + length
        }

        /// Of the limit that is nearest.
        func headers(_ steps: [Counters.Step], _ values: [String: Int]) -> HTTPHeaders {
            let nearest = steps.min { left($0, values) < left($1, values) }
            guard let nearest, let limit = nearest.limit else { return [:] }
            return [
                "X-RateLimit-Limit": "\(limit)", "X-RateLimit-Remaining": "\(left(nearest, values))",
                "X-RateLimit-Reset": "\(end)",
            ]
        }

        func refusal(
            _ message: String, _ steps: [Counters.Step], _ values: [String: Int], at now: Timestamp
        ) -> APIError {
            var headers = headers(steps, values)
            headers["X-RateLimit-Remaining"] = "0"
            headers["Retry-After"] = "\(max(1, end - now.seconds))"
            return APIError(.rateLimited, message, headers: headers)
        }

        private func left(_ step: Counters.Step, _ values: [String: Int]) -> Int {
            step.limit.map { max(0, $0 - (values[step.name] ?? 0)) } ?? .max
        }
    }
}

/// Who used up a window, as this environment has seen it.
private actor SpentWindows {
    private var ends: [String: Timestamp] = [:]

    func contains(_ subject: String, at now: Timestamp) -> Bool { ends[subject].map { now < $0 } ?? false }

    func add(_ subject: String, until end: Timestamp) {
        if ends.count >= RecentItems.capacity { ends = [:] }
        ends[subject] = end
    }
}
