import JSON
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct DynamoDBTests {
    private func json(_ text: String) throws -> JSON { try JSON(parsing: text) }

    /// What one call sent.
    private func sent(
        answer: String = "{}", _ call: (DynamoDB) async throws -> Void
    ) async throws -> (target: String?, input: JSON) {
        let server = try StrictServer { _, _ in .answer(200, [:], answer) }
        try await call(DynamoDB(server.client()))
        let request = try #require(server.requests.first)
        return (request.headers["x-amz-target"], request.json)
    }

    @Test func getAsksForTheKeyAndReadsTheItem() async throws {
        let sent = try await sent(answer: #"{"Item":{"a":{"N":"1.50"}}}"#) { table in
            let item = try await table.get(
                ["pk": .s("x"), "sk": .n(2)], from: "t", projection: ["a", "status.size"])
            #expect(item == ["a": .n("1.50")])
        }
        #expect(sent.target == "DynamoDB_20120810.GetItem")
        #expect(
            sent.input
                == (try json(
                    ##"{"TableName":"t","Key":{"pk":{"S":"x"},"sk":{"N":"2"}},"ConsistentRead":true,"##
                        + ##""ProjectionExpression":"#n0, #n1.#n2","##
                        + ##""ExpressionAttributeNames":{"#n0":"a","#n1":"status","#n2":"size"}}"##)))
    }

    @Test func putSendsItsCondition() async throws {
        let sent = try await sent(answer: #"{"Attributes":{"pk":{"S":"old"}}}"#) { table in
            let old = try await table.put(
                ["pk": .s("x")], into: "t", condition: .or([.notExists("pk"), .less("expires", .n(5))]),
                returning: .allOld)
            #expect(old == ["pk": .s("old")])
        }
        #expect(
            sent.input
                == (try json(
                    ##"{"TableName":"t","Item":{"pk":{"S":"x"}},"##
                        + ##""ConditionExpression":"(attribute_not_exists(#n0) OR #n1 < :v0)","##
                        + ##""ExpressionAttributeNames":{"#n0":"pk","#n1":"expires"},"##
                        + ##""ExpressionAttributeValues":{":v0":{"N":"5"}},"ReturnValues":"ALL_OLD"}"##)))
    }

    @Test func updateAndConditionShareTheirPlaceholders() async throws {
        let sent = try await sent { table in
            let changed = try await table.update(
                ["pk": .s("x")], in: "t", [.set("state", .s("running")), .add("version", .n(1))],
                condition: .equals("state", .s("queued")), returning: .updatedNew)
            #expect(changed == nil)
        }
        #expect(
            sent.input
                == (try json(
                    ##"{"TableName":"t","Key":{"pk":{"S":"x"}},"UpdateExpression":"SET #n0 = :v0 ADD #n1 :v1","##
                        + ##""ConditionExpression":"#n0 = :v2","##
                        + ##""ExpressionAttributeNames":{"#n0":"state","#n1":"version"},"##
                        + ##""ExpressionAttributeValues":{":v0":{"S":"running"},":v1":{"N":"1"},":v2":{"S":"queued"}},"##
                        + ##""ReturnValues":"UPDATED_NEW"}"##)))
    }

    @Test func anUpdateOfNothingOnlyMakesTheItem() async throws {
        let sent = try await sent { try await $0.update(["pk": .s("x")], in: "t", []) }
        #expect(sent.input == (try json(#"{"TableName":"t","Key":{"pk":{"S":"x"}}}"#)))
    }

    @Test func queryPages() async throws {
        let answer =
            #"{"Items":[{"a":{"S":"1"}},{"a":{"S":"2"}}],"Count":2,"LastEvaluatedKey":{"pk":{"S":"z"}}}"#
        let sent = try await sent(answer: answer) { table in
            var query = DynamoDB.Query(
                table: "t", index: "i", where: .and([.equals("g", .s("x")), .beginsWith("r", "2026")]))
            query.filter = .equals("user", .s("u"))
            query.limit = 2
            query.ascending = false
            query.startKey = ["pk": .s("y")]
            query.projection = ["a"]
            let page = try await table.query(query)
            #expect(page.items == [["a": .s("1")], ["a": .s("2")]])
            #expect(page.count == 2)
            #expect(page.lastKey == ["pk": .s("z")])
        }
        #expect(
            sent.input
                == (try json(
                    ##"{"TableName":"t","IndexName":"i","KeyConditionExpression":"(#n0 = :v0 AND begins_with(#n1, :v1))","##
                        + ##""FilterExpression":"#n2 = :v2","ProjectionExpression":"#n3","Limit":2,"##
                        + ##""ScanIndexForward":false,"ExclusiveStartKey":{"pk":{"S":"y"}},"##
                        + ##""ExpressionAttributeNames":{"#n0":"g","#n1":"r","#n2":"user","#n3":"a"},"##
                        + ##""ExpressionAttributeValues":{":v0":{"S":"x"},":v1":{"S":"2026"},":v2":{"S":"u"}}}"##
                )))
    }

    @Test func aCountNeedsNoItems() async throws {
        let sent = try await sent(answer: #"{"Count":17}"#) { table in
            var query = DynamoDB.Query(table: "t", where: .equals("pk", .s("x")))
            query.countOnly = true
            query.consistent = true
            let page = try await table.query(query)
            #expect(page.count == 17)
            #expect(page.items == [])
            #expect(page.lastKey == nil)
        }
        #expect(sent.input["Select"] == "COUNT")
        #expect(sent.input["ConsistentRead"] == true)
    }

    @Test func aTransactionHasOneTokenAndEachActionItsOwnPlaceholders() async throws {
        let sent = try await sent { table in
            try await table.transactWrite(
                [
                    .put(["pk": .s("a")], table: "t", condition: .notExists("pk")),
                    .update(key: ["pk": .s("b")], table: "t", [.remove("x")]),
                    .delete(key: ["pk": .s("c")], table: "u"),
                    .check(key: ["pk": .s("d")], table: "t", condition: .exists("y")),
                ], token: "token")
        }
        #expect(
            sent.input
                == (try json(
                    ##"{"TransactItems":[{"Put":{"TableName":"t","Item":{"pk":{"S":"a"}},"##
                        + ##""ConditionExpression":"attribute_not_exists(#n0)","ExpressionAttributeNames":{"#n0":"pk"}}},"##
                        + ##"{"Update":{"TableName":"t","Key":{"pk":{"S":"b"}},"UpdateExpression":"REMOVE #n0","##
                        + ##""ExpressionAttributeNames":{"#n0":"x"}}},"##
                        + ##"{"Delete":{"TableName":"u","Key":{"pk":{"S":"c"}}}},"##
                        + ##"{"ConditionCheck":{"TableName":"t","Key":{"pk":{"S":"d"}},"##
                        + ##""ConditionExpression":"attribute_exists(#n0)","ExpressionAttributeNames":{"#n0":"y"}}}],"##
                        + ##""ClientRequestToken":"token"}"##)))
    }

    @Test func whatABatchLeftIsSentAgain() async throws {
        let server = try StrictServer { _, number in
            .answer(
                200, [:],
                number == 0
                    ? #"{"UnprocessedItems":{"t":[{"DeleteRequest":{"Key":{"pk":{"S":"b"}}}}]}}"#
                    : #"{"UnprocessedItems":{}}"#)
        }
        let clock = FakeClock()
        try await DynamoDB(server.client(clock: clock)).batchWrite(
            [.put(["pk": .s("a")]), .delete(key: ["pk": .s("b")])], to: "t")
        #expect(
            server.requests.map(\.json) == [
                try json(
                    #"{"RequestItems":{"t":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}},"#
                        + #"{"DeleteRequest":{"Key":{"pk":{"S":"b"}}}}]}}"#),
                try json(#"{"RequestItems":{"t":[{"DeleteRequest":{"Key":{"pk":{"S":"b"}}}}]}}"#),
            ])
        #expect(clock.sleeps == [.microseconds(12_500)])
    }

    @Test func whatABatchNeverTakesIsAnError() async throws {
        let server = try StrictServer { request, _ in
            .answer(200, [:], "{\"UnprocessedItems\":\(request.json["RequestItems"]?.text ?? "")}")
        }
        let table = DynamoDB(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await table.batchWrite([.put(["pk": .s("a")])], to: "t")
        }
        #expect(error?.message == "1 of 1 items were still unprocessed after 4 rounds")
        #expect(server.requests.count == 4)
    }
}
