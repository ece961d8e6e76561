import AWSClients
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

/// Two jobs on one slot: for what the second one waits.
@Suite(.timeLimit(.minutes(2))) struct LaneTests {
    /// Holds the first call of one name back until another was made while a prompt was on its way or done: the second prompt, unless
    /// something else is named.
    private final class Gate: Sendable {
        let held: String
        let awaited: String
        private let prompts = Atomic(0)
        private let isSeen = Atomic(false)
        private let isHeld = Atomic(false)
        private let isOpen = Atomic(false)

        init(holding name: String, until awaited: String = "ComfyUI POST /prompt") {
            held = name
            self.awaited = awaited
        }

        /// Whether the call was let go because what it waited for was there, not because time was up.
        var wasOpened: Bool { isOpen.load(ordering: .acquiring) }

        func judge(_ call: CallProxy.Call, _ moment: CallProxy.Moment) -> CallProxy.Fate {
            if case .after = moment { return .pass }
            if call.name == awaited, prompts.load(ordering: .acquiring) > 0 {
                isSeen.store(true, ordering: .releasing)
            }
            if call.name == "ComfyUI POST /prompt" { prompts.add(1, ordering: .acquiringAndReleasing) }
            if call.name == held, !isHeld.exchange(true, ordering: .acquiringAndReleasing) {
                for _ in 0..<20_000 {
                    if isSeen.load(ordering: .acquiring) {
                        isOpen.store(true, ordering: .releasing)
                        break
                    }
                    usleep(1000)
                }
            }
            return .pass
        }
    }

    private func runTwo(behind gate: Gate) async throws -> [Job] {
        let standIn = try await StandIn(["--step-ms", "1"])
        let local = try await LocalAWS.sharedWithoutSignatures()
        let aws = try CallProxy(to: local.port, isComfyUI: false, caller: "dispatch") { gate.judge($0, $1) }
        defer { aws.stop() }
        let worker = try CallProxy(to: try #require(URL(standIn.address)?.port), isComfyUI: true, caller: "")
        { gate.judge($0, $1) }
        defer { worker.stop() }
        let deployment = try await Deployment.make(
            on: testLoop, ["COMFYUI_URLS": worker.address], endpoint: aws.address)
        let ids = [try await deployment.submit().id, try await deployment.submit().id]
        let dispatcher = Dispatcher(services: deployment.services)
        try await testLoop.task {
            _ = try await dispatcher.dispatch(resumes: [], hint: nil, until: .now + .seconds(60))
        }.value
        var jobs: [Job] = []
        for id in ids { jobs.append(try #require(try await deployment.services.store.job(id))) }
        return jobs
    }

    /// A topic that takes its time costs no GPU second.
    @Test func theNextJobDoesNotWaitForAnAnnouncement() async throws {
        let gate = Gate(holding: "SNS Publish")
        let jobs = try await runTwo(behind: gate)
        #expect(gate.wasOpened)
        #expect(jobs.allSatisfy { $0.state == .completed && $0.attempt == 1 })
        // The lane has not left before it was told.
        #expect(jobs.allSatisfy { !$0.notificationPending })
    }

    /// Nor for the look at the queue: that was had before its worker was done with the last one.
    @Test func theNextJobIsReadBeforeTheLastOneEnds() async throws {
        let gate = Gate(holding: "ComfyUI GET /history/{id}", until: "DynamoDB Query")
        let jobs = try await runTwo(behind: gate)
        #expect(gate.wasOpened)
        #expect(jobs.allSatisfy { $0.state == .completed && $0.attempt == 1 })
    }
}
