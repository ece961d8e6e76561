import HTTP
import JSON
import Telemetry

/// Who the workers are: those that `COMFYUI_URLS` names and those behind `COMFYUI_DNS`, which is asked again each 30 s.
///
/// No address is an answer: no workers. A question that fails is none, and the last answer goes on to hold.
actor WorkerDirectory {
    /// The workers, as far as is known here.
    struct Listing: Sendable {
        var workers: [Worker]
        /// False while the name has never been answered in this process: what the table has of it counts then.
        var isComplete: Bool
    }

    /// How long an answer holds.
    static let lifetime: Duration = .seconds(30)
    /// How soon a question that failed is asked again.
    private static let pause: Duration = .seconds(5)

    private let fixed: [Worker]
    private let name: WorkerName?
    private let defaults: WorkerList.Defaults
    private let resolver: NameResolver
    private let loop: EventLoop
    private let now: @Sendable () -> ContinuousClock.Instant
    private var found: [Worker]?
    private var holdsUntil: ContinuousClock.Instant?
    private var question: Task<Void, any Error>?

    /// Nothing is asked yet.
    init(
        _ configuration: Configuration, on loop: EventLoop,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        fixed = configuration.workers
        name = configuration.workerName
        defaults = configuration.workerDefaults
        resolver = NameResolver(loop: loop, servers: configuration.nameServers)
        self.loop = loop
        self.now = now
    }

    /// The workers now. Whoever comes while the name is being asked waits for the same answer.
    func listing() async -> Listing {
        guard let name else { return Listing(workers: fixed, isComplete: true) }
        if holdsUntil.map({ $0 <= now() }) ?? true {
            let asking = question ?? loop.task { await self.ask(name) }
            question = asking
            _ = await asking.result
        }
        let named = Set(fixed.map(\.id))
        return Listing(
            workers: fixed + (found ?? []).filter { !named.contains($0.id) }, isComplete: found != nil)
    }

    /// A worker that only the table knows, with the slots and, if it was found behind the name, the authorization that all
    /// of those have.
    nonisolated func unlisted(_ record: Worker) -> Worker {
        var worker = record
        worker.slots = defaults.slots
        worker.authorization = record.isFromDNS && name != nil ? defaults.authorization : nil
        return worker
    }

    /// Whether jobs may still be sent to it.
    func lists(_ worker: Worker) async -> Bool {
        let listing = await listing()
        return listing.workers.contains { $0.id == worker.id } || (!listing.isComplete && worker.isFromDNS)
    }

    private func ask(_ name: WorkerName) async {
        do throws(NameResolver.Failure) {
            found = try await resolver.addresses(of: name.host).compactMap { name.worker(at: $0, defaults) }
            holdsUntil = now() + Self.lifetime
        } catch {
            Log.warn(
                "the workers' name is not resolved, the last answer holds",
                ["name": .string(name.host), "error": .string(error.description)])
            holdsUntil = now() + Self.pause
        }
        question = nil
    }
}
