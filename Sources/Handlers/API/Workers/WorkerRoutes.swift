import AWSClients
import HTTP
import JSON
import LambdaRuntime
import Telemetry
import Time

/// What the workers have and do, as the sweep last saw it: none is called from here, and no address is shown.
struct WorkerRoutes: Sendable {
    let services: Services
    let registry: WorkerRegistry

    /// `GET /v1/models`.
    func folders(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let models = try await registry.models()
        var files: [String: Set<String>] = [:]
        for worker in models.values {
            for (folder, names) in worker.folders { files[folder, default: []].formUnion(names) }
        }
        return .json([
            "folders": .array(
                files.sorted { $0.key < $1.key }
                    .map { ["folder": .string($0.key), "models": .number($0.value.count)] }),
            "workers": .number(models.count),
        ])
    }

    /// `GET /v1/models/{folder}`.
    func models(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let folder = request.parameters["folder"] ?? ""
        var workers: [String: [String]] = [:]
        var isKnown = false
        for (worker, models) in try await registry.models() {
            guard let names = models.folders[folder] else { continue }
            isKnown = true
            for name in names { workers[name, default: []].append(worker) }
        }
        guard isKnown else { throw APIError(.notFound, "No worker has such a folder of models.") }
        return .json([
            "folder": .string(folder),
            "models": .array(
                workers.sorted { $0.key < $1.key }.map { name, workers in
                    ["name": .string(name), "workers": .array(workers.sorted().map { .string($0) })]
                }),
        ])
    }

    /// `GET /v1/queue`.
    func queue(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        async let recorded = registry.recorded()
        async let queued = services.store.count(user: user.id, .queued)
        async let running = services.store.count(user: user.id, .running)
        let counted = try await Backlog.recorded(services.store)
        let backlog = counted?.backlog
        let usable = try await recorded.filter { $0.isUsable(at: services.now) }
        return .json([
            "queued": backlog.map { .number($0.queued) } ?? .null,
            "running": backlog.map { .number($0.running) } ?? .null,
            "oldest_queued_seconds": backlog.map { .number($0.oldestAge.components.seconds) } ?? .null,
            "counted_at": counted.map { .string($0.at.rfc3339) } ?? .null,
            "yours": ["queued": .number(try await queued), "running": .number(try await running)],
            "workers": .number(usable.count),
            "slots": .number(usable.reduce(0) { $0 + $1.slots }),
        ])
    }

    /// `GET /v1/workers`.
    func list(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let workers = try await registry.recorded().sorted { $0.id < $1.id }
        let isAdministrator = user.scopes.contains(.admin)
        return .json([
            "workers": .array(
                workers.map { WorkerView(worker: $0, hasDetails: isAdministrator).json(at: services.now) })
        ])
    }

    /// `POST /v1/admin/workers/{id}/drain`.
    func drain(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        try await setDraining(true, request)
    }

    /// `POST /v1/admin/workers/{id}/undrain`.
    func undrain(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let response = try await setDraining(false, request)
        do {
            try await services.doorbell.ringWork(for: nil)
        } catch {
            Log.warn("doorbell not rung, left to the sweep", ["error": .string("\(error)")])
        }
        return response
    }

    private func setDraining(_ isDraining: Bool, _ request: APIRequest) async throws -> HTTPResponse {
        try JSONBody.expectNone(of: request.http)
        guard let id = request.parameters["id"], id.utf8.count <= 64,
            let worker = try await registry.setDraining(isDraining, id, at: services.now)
        else { throw APIError(.notFound, "There is no such worker.") }
        return .json(WorkerView(worker: worker, hasDetails: true).json(at: services.now))
    }
}

extension JobStore {
    /// How many jobs of a user are in a state, counted up to 1,000; lists may lag by a moment.
    func count(user: String, _ state: Job.State) async throws(AWSError) -> Int {
        var query = DynamoDB.Query(
            table: table, index: TableDefinition.byUserStatus.name,
            where: .equals("user_status_pk", .s(JobItem.statusPartition(user, state))))
        query.countOnly = true
        query.limit = Self.countedPositions
        return try await dynamoDB.query(query).count
    }
}
