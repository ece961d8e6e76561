import JSON
import Testing

@testable import AWSClients

extension MotoTests {
    @Test func itemsAreReadInBatchesPagesAndParts() async throws {
        let spent = Locked(0.0)
        let table = DynamoDB(try await Self.client()) { cost in
            if cost.table == "reads" { spent.withLock { $0 += cost.units } }
        }
        try await table.call("CreateTable", Self.schema("reads"))
        let items: [Item] = (10..<30).map { ["pk": .s("p"), "sk": .s("\($0)"), "n": .n($0)] }
        try await table.batchWrite(items.map { .put($0) }, to: "reads")
        #expect(spent.withLock { $0 } > 0)

        let keys: [Item] = ["12", "28", "77"].map { ["pk": .s("p"), "sk": .s($0)] }
        let some = try await table.batchGet(keys, from: "reads", projection: ["sk", "n"])
        #expect(Set(some.compactMap { $0["n"]?.int }) == [12, 28])
        #expect(some.allSatisfy { $0["pk"] == nil })

        var query = DynamoDB.Query(table: "reads", where: .equals("pk", .s("p")))
        query.limit = 3
        query.filter = .and([.hasType("n", "N"), .size("sk", .equal, 2), .compare("n", .notEqual, "sk")])
        var found: [Item] = []
        for try await item in table.pages(query).items { found.append(item) }
        #expect(found == items)

        var scanned: Set<Item> = []
        for number in 0..<3 {
            var scan = DynamoDB.Scan(table: "reads")
            scan.segment = (number, 3)
            scan.limit = 4
            for try await item in table.pages(scan).items { scanned.insert(item) }
        }
        #expect(scanned == Set(items))
    }

    /// One after another: moto's transactions copy the table and are not isolated from one another.
    @Test func transactionsSayWhatHinderedThem() async throws {
        let table = DynamoDB(try await Self.client())
        try await table.call("CreateTable", Self.schema("transactions"))
        let (a, b): (Item, Item) = (["pk": .s("a"), "sk": .s("1")], ["pk": .s("b"), "sk": .s("1")])
        try await table.transactWrite([
            .put(a.merging(["n": .n(1)]) { $1 }, table: "transactions"),
            .put(b.merging(["n": .n(1)]) { $1 }, table: "transactions", condition: .notExists("pk")),
        ])
        let error = await #expect(throws: AWSError.self) {
            try await table.transactWrite(
                [
                    .update(key: a, table: "transactions", [.add("n", .n(1))]),
                    .delete(key: b, table: "transactions", condition: .equals("n", .n(7))),
                ], returningOnFailure: true)
        }
        #expect(error?.code == .transactionCanceled)
        #expect(error?.cancellationReasons.map(\.code) == [.none, .conditionalCheckFailed])
        #expect(error?.cancellationReasons.last?.item?["n"] == .n(1))

        let missing: Item = ["pk": .s("c"), "sk": .s("1")]
        let read = try await table.transactGet([
            (a, "transactions"), (missing, "transactions"), (b, "transactions"),
        ])
        #expect(read.map { $0?["n"] } == [.n(1), nil, .n(1)])

        let lost = await #expect(throws: AWSError.self) {
            try await table.put(
                a, into: "transactions", condition: .notExists("pk"), returningOnFailure: true)
        }
        #expect(lost?.conditionFailureItem?["n"] == .n(1))
    }
}
