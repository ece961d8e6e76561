import AWSClients
import Crypto
import TestSupport
import Testing
import Time

@testable import Handlers

/// One partition of an index cannot be read: what is in the others goes on.
@Suite(.timeLimit(.minutes(1))) struct UnreadableShardTests {
    /// Sixteen old jobs that no shard is without, and a table that refuses to read one partition of an index.
    private struct Bench {
        let deployment: Deployment
        let jobs: [Job.ID]
        private let proxy: CallProxy

        init(without partition: String) async throws {
            let local = try await LocalAWS.sharedWithoutSignatures()
            proxy = try CallProxy(to: local.port, isComfyUI: false, caller: "") { call, moment in
                guard moment == .before, call.operation == "Query",
                    String(decoding: call.request.body, as: UTF8.self).contains("\"\(partition)\"")
                else { return .pass }
                return .answer(
                    400, headers: ["Content-Type: application/x-amz-json-1.0"],
                    body: #"{"__type":"ValidationException","message":"no"}"#)
            }
            deployment = try await Deployment.make(on: testLoop, endpoint: proxy.address)
            var jobs: [Job.ID] = []
            for digit in "0123456789abcdef" {
                let now = deployment.services.now
                let id = try #require(
                    UUID("\(UUID.v7(milliseconds: now.milliseconds))".dropLast() + String(digit)))
                let job = Job(id: Job.ID(id), user: "user-\(digit)", createdAt: now - .seconds(60))
                #expect(try await deployment.services.store.create(job))
                jobs.append(job.id)
            }
            self.jobs = jobs
        }

        /// Whose item has this in the attribute.
        func jobs(with partition: String, in attribute: String) async throws -> Set<Job.ID> {
            var found: Set<Job.ID> = []
            for id in jobs {
                let item = try await deployment.dynamoDB.get(
                    JobItem.key(id), from: deployment.services.store.table)
                if item?[attribute]?.string == partition { found.insert(id) }
            }
            return found
        }

        func stop() { proxy.stop() }
    }

    @Test func theRestOfTheQueueIsSeen() async throws {
        let bench = try await Bench(without: "normal#0")
        defer { bench.stop() }
        let queue = Dispatcher(services: bench.deployment.services).queue
        let seen = try await queue.heads(limit: 20, hint: nil) { _ in true }.map(\.id)
        let unseen = try await bench.jobs(with: "normal#0", in: "queue_pk")
        #expect(!unseen.isEmpty)
        #expect(Set(seen) == Set(bench.jobs).subtracting(unseen))
    }

    @Test func aSweepMovesTheRestOn() async throws {
        let bench = try await Bench(without: "OPEN#0")
        defer { bench.stop() }
        let services = bench.deployment.services
        let dispatcher = Dispatcher(services: services)
        let sweeper = Sweeper(
            services: services, slots: dispatcher.slots, announcer: dispatcher.runner.announcer)
        let left = try await bench.jobs(with: "OPEN#0", in: "open_pk")
        #expect(!left.isEmpty)
        #expect(
            try await sweeper.sweep(until: .now + .seconds(30)) == .init(rung: bench.jobs.count - left.count))
    }
}
