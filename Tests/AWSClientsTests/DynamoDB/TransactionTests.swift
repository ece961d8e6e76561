import JSON
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct TransactionTests {
    @Test func reasonsOfACancellationAreTyped() async throws {
        let server = try StrictServer { _, _ in
            .answer(
                400, [:],
                #"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","#
                    + #""Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, TransactionConflict]","#
                    + #""CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","#
                    + #""Message":"The conditional request failed","Item":{"pk":{"S":"b"},"n":{"N":"5"}}},"#
                    + #"{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]}"#)
        }
        let table = DynamoDB(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await table.transactWrite(
                [
                    .put(["pk": .s("a")], table: "t"),
                    .update(
                        key: ["pk": .s("b")], table: "t", [.set("n", .n(6))], condition: .equals("n", .n(4))),
                    .check(key: ["pk": .s("c")], table: "t", condition: .exists("pk")),
                ], returningOnFailure: true)
        }
        #expect(error?.code == .transactionCanceled)
        #expect(error?.attempts == 1)
        #expect(
            error?.cancellationReasons == [
                .init(code: .none),
                .init(
                    code: .conditionalCheckFailed, message: "The conditional request failed",
                    item: ["pk": .s("b"), "n": .n(5)]),
                .init(code: .transactionConflict, message: "Transaction is ongoing for the item"),
            ])
        let actions = try #require(server.requests.first?.json["TransactItems"]?.array)
        #expect(
            actions.map { $0.object?.first { _ in true }?.value["ReturnValuesOnConditionCheckFailure"] } == [
                "ALL_OLD", "ALL_OLD", "ALL_OLD",
            ])
    }

    @Test func otherErrorsHaveNoReasons() {
        #expect(AWSError(code: .transactionCanceled, message: "").cancellationReasons.isEmpty)
        #expect(AWSError(code: .conditionalCheckFailed, message: "").conditionFailureItem == nil)
    }

    @Test func aRetryIsTheSameTransaction() async throws {
        let server = try StrictServer { _, number in
            number == 0
                ? .answer(400, [:], #"{"__type":"x#TransactionInProgressException"}"#)
                : .answer(200, [:], "{}")
        }
        try await DynamoDB(server.client()).transactWrite([.put(["pk": .s("a")], table: "t")])
        let tokens = server.requests.map { $0.json["ClientRequestToken"]?.string }
        #expect(tokens.count == 2)
        #expect(tokens[0] != nil)
        #expect(tokens[0] == tokens[1])
    }

    @Test func aReadGivesItsItemsInTheOrderOfTheKeys() async throws {
        let server = try StrictServer { _, _ in
            .answer(200, [:], #"{"Responses":[{"Item":{"pk":{"S":"a"}}},{}]}"#)
        }
        let items = try await DynamoDB(server.client()).transactGet([
            (["pk": .s("a")], "t"), (["pk": .s("b")], "u"),
        ])
        #expect(items == [["pk": .s("a")], nil])
        #expect(
            server.requests[0].json
                == (try JSON(
                    parsing: #"{"TransactItems":[{"Get":{"TableName":"t","Key":{"pk":{"S":"a"}}}},"#
                        + #"{"Get":{"TableName":"u","Key":{"pk":{"S":"b"}}}}]}"#)))
    }

    @Test func aReadWithTooFewAnswersIsMalformed() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], #"{"Responses":[{}]}"#) }
        let table = DynamoDB(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await table.transactGet([(["pk": .s("a")], "t"), (["pk": .s("b")], "t")])
        }
        #expect(error?.message == "1 answers to 2 keys")
    }
}
