import AWSClients
import Handlers
import Time

extension Doctor {
    /// The workers as `sweep` last saw them. They are not called from here: they are often in a network of their own.
    func workers() async -> [Finding] {
        guard let table = settings["TABLE_NAME"], !table.isEmpty else {
            return [missing("workers", "TABLE_NAME")]
        }
        return await asking("workers", "Correct TABLE_NAME, or allow dynamodb:Query on the table.") {
            let workers = try await RecordedWorker.all(in: table, DynamoDB(aws))
            guard !workers.isEmpty else {
                return [
                    .warning(
                        "workers", "none is recorded",
                        "Jobs wait. Set COMFYUI_URLS or COMFYUI_DNS, and see that sweep runs each minute.")
                ]
            }
            let alive = workers.count { !$0.isDead }
            let text = "\(alive) of \(workers.count) answer"
            let sum: Finding =
                alive > 0
                ? .ok("workers", text)
                : .failed("workers", text, "Jobs wait until one does; see each below.")
            return [sum] + workers.compactMap { Self.trouble(of: $0, at: aws.now) }
        }
    }

    /// What keeps a worker from getting jobs; nil when nothing does.
    static func trouble(of worker: RecordedWorker, at now: Timestamp) -> Finding? {
        let subject = "worker \(worker.id)"
        guard let seen = worker.seenAt else {
            return .warning(
                subject, "\(worker.address) has never answered",
                "Is ComfyUI up there, and does its network let the sweep and dispatch functions in?")
        }
        let ago = Quantity.time(milliseconds: Int((now - seen).milliseconds))
        if worker.isDead || worker.leftOutUntil.map({ $0 > now }) == true {
            return .warning(
                subject, "\(worker.address) is left out, and last answered \(ago) ago",
                "It is tried again by itself. Its own log, and the dispatch function's, say what happened.")
        }
        // The sweep looks once a minute.
        guard now - seen < .seconds(300) else {
            return .warning(
                subject, "\(worker.address) was last looked at \(ago) ago",
                "Does the sweep function still run each minute? It may also be off the list by now.")
        }
        return nil
    }
}
