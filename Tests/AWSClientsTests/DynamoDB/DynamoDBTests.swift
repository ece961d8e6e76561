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
        #expect(error?.message == "1 of 1 items were still unprocessed after 4 rounds without progress")
        #expect(server.requests.count == 4)
    }

    @Test func aBatchGoesOnAsLongAsSomethingGetsDone() async throws {
        // One item a round: more rounds than a call has attempts.
        let server = try StrictServer { request, _ in
            var left = request.json["RequestItems"]?["t"]?.array ?? []
            left.removeFirst()
            let unprocessed: JSON = left.isEmpty ? [:] : ["t": .array(left)]
            return .answer(200, [:], JSON.object(["UnprocessedItems": unprocessed]).text)
        }
        let clock = FakeClock()
        try await DynamoDB(server.client(clock: clock)).batchWrite(
            (0..<9).map { .put(["pk": .n($0)]) }, to: "t")
        #expect(server.requests.count == 9)
        #expect(clock.sleeps == [Duration](repeating: .microseconds(12_500), count: 8))
    }

    @Test func aBatchOfKeysIsReadUntilNoneIsLeft() async throws {
        let server = try StrictServer { _, number in
            .answer(
                200, [:],
                number == 0
                    ? #"{"Responses":{"t":[{"a":{"S":"1"}}]},"UnprocessedKeys":{"t":{"Keys":[{"pk":{"S":"b"}}]}}}"#
                    : #"{"Responses":{"t":[{"a":{"S":"2"}}]},"UnprocessedKeys":{}}"#)
        }
        let items = try await DynamoDB(server.client()).batchGet(
            [["pk": .s("a")], ["pk": .s("b")]], from: "t", projection: ["a"])
        #expect(items == [["a": .s("1")], ["a": .s("2")]])
        func sent(_ keys: String) throws -> JSON {
            try json(
                ##"{"RequestItems":{"t":{"ConsistentRead":true,"ProjectionExpression":"#n0","##
                    + ##""ExpressionAttributeNames":{"#n0":"a"},"Keys":[\##(keys)]}}}"##)
        }
        #expect(
            server.requests.map(\.json) == [
                try sent(#"{"pk":{"S":"a"}},{"pk":{"S":"b"}}"#), try sent(#"{"pk":{"S":"b"}}"#),
            ])
    }

    @Test func aFailedConditionGivesTheItemThatWasThere() async throws {
        let server = try StrictServer { _, _ in
            .answer(
                400, [:],
                #"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","#
                    + #""message":"The conditional request failed","Item":{"pk":{"S":"a"},"v":{"N":"3"}}}"#)
        }
        let table = DynamoDB(try server.client())
        let calls: [@Sendable () async throws -> Void] = [
            {
                try await table.put(
                    ["pk": .s("a")], into: "t", condition: .notExists("pk"), returningOnFailure: true)
            },
            {
                try await table.update(
                    ["pk": .s("a")], in: "t", [.add("v", .n(1))], condition: .equals("v", .n(2)),
                    returningOnFailure: true)
            },
            {
                try await table.delete(
                    ["pk": .s("a")], from: "t", condition: .exists("x"), returningOnFailure: true)
            },
        ]
        for call in calls {
            let error = await #expect(throws: AWSError.self) { try await call() }
            #expect(error?.conditionFailureItem == ["pk": .s("a"), "v": .n(3)])
        }
        #expect(server.requests.count == 3)
        #expect(server.requests.allSatisfy { $0.json["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD" })
    }

    @Test func callsTellWhatTheyCost() async throws {
        let server = try StrictServer { request, _ in
            .answer(
                200, [:],
                request.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
                    ? #"{"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}}"#
                    : #"{"ConsumedCapacity":[{"TableName":"t","CapacityUnits":4.0},{"TableName":"u","CapacityUnits":2}]}"#
            )
        }
        let told = Locked<[DynamoDB.ConsumedCapacity]>([])
        let table = DynamoDB(try server.client()) { cost in told.withLock { $0.append(cost) } }
        _ = try await table.get(["pk": .s("a")], from: "t")
        try await table.transactWrite([
            .put(["pk": .s("a")], table: "t"), .put(["pk": .s("a")], table: "u"),
        ])
        #expect(
            told.withLock { $0 } == [
                .init(table: "t", units: 0.5), .init(table: "t", units: 4), .init(table: "u", units: 2),
            ])
        #expect(server.requests.allSatisfy { $0.json["ReturnConsumedCapacity"] == "TOTAL" })
    }
}
