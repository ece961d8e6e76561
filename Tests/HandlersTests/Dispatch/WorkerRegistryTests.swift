import AWSClients
import TestSupport
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct WorkerRegistryTests {
    /// A query's page ends at 1 MB, here after the third of five.
    @Test func allPagesOfTheWorkersAreReadUpToABound() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let (dynamoDB, table) = (deployment.dynamoDB, deployment.services.configuration.table)
        let padding = String(repeating: "x", count: 350_000)
        for number in 1...5 {
            try await dynamoDB.put(
                [
                    "pk": .s("WORKERS"), "sk": .s("WORKER#w-\(number)"),
                    "address": .s("http://10.0.0.\(number):8188"), "padding": .s(padding),
                ], into: table)
        }
        let page = try await dynamoDB.query(.init(table: table, where: .equals("pk", .s("WORKERS"))))
        #expect(page.lastKey != nil && page.items.count < 5)

        let all = try await WorkerRegistry.recorded(in: table, dynamoDB)
        #expect(all.map { "\($0.address)" } == (1...5).map { "http://10.0.0.\($0):8188/" })
        let some = try await WorkerRegistry.recorded(in: table, dynamoDB, limit: 4)
        #expect(some.map(\.id) == all.prefix(4).map(\.id))
    }
}
