import AWSClients
import HTTP

/// Looks at the heads of the queue's bands, shared by the slots whose jobs end at about the same time: only to foresee what comes
/// next, since a claim must not go by what was true a moment ago.
actor SharedLooks {
    /// What one look saw.
    struct Look: Sendable {
        /// Go on behind it.
        let pages: BandPages
        /// Oldest first.
        let candidates: [Candidate]
    }

    /// How long a look is as good as another one; the index that it reads may lag for as long.
    private static let lifetime: Duration = .milliseconds(500)

    private typealias Reading = Task<Result<Look, AWSError>, any Error>

    private let loop: EventLoop
    private var readings: [Job.Band: (begun: ContinuousClock.Instant, task: Reading)] = [:]

    init(on loop: EventLoop) { self.loop = loop }

    /// What `read` saw a moment ago, or sees now. Whoever comes while it is being read waits for the same.
    func look(
        at band: Job.Band, read: @escaping @Sendable () async -> Result<Look, AWSError>
    ) async throws(AWSError) -> Look {
        let now = ContinuousClock.now
        if let reading = readings[band], now - reading.begun < Self.lifetime {
            return try await Self.look(of: reading.task)
        }
        let task = loop.task { await read() }
        readings[band] = (now, task)
        do throws(AWSError) {
            return try await Self.look(of: task)
        } catch {
            readings[band] = nil
            throw error
        }
    }

    private static func look(of reading: Reading) async throws(AWSError) -> Look {
        switch await reading.result {
        case .success(let result): return try result.get()
        case .failure: throw AWSError(code: .cancelled, message: "Nobody reads the queue any more.")
        }
    }
}
