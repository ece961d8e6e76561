import JSON
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct PagesTests {
    /// Three pages, the second of them empty.
    private static func server() throws -> StrictServer {
        try StrictServer { request, _ in
            switch request.json["ExclusiveStartKey"]?["pk"]?["S"]?.string {
            case nil:
                .answer(
                    200, [:],
                    #"{"Items":[{"a":{"S":"1"}},{"a":{"S":"2"}}],"Count":2,"LastEvaluatedKey":{"pk":{"S":"x"}}}"#
                )
            case "x": .answer(200, [:], #"{"Items":[],"Count":0,"LastEvaluatedKey":{"pk":{"S":"y"}}}"#)
            default: .answer(200, [:], #"{"Items":[{"a":{"S":"3"}}],"Count":1}"#)
            }
        }
    }

    @Test func itemsGoOnAcrossPages() async throws {
        let server = try Self.server()
        let table = DynamoDB(try server.client())
        var found: [String] = []
        for try await item in table.pages(DynamoDB.Query(table: "t", where: .equals("pk", .s("p")))).items {
            found.append(item["a"]?.string ?? "?")
        }
        #expect(found == ["1", "2", "3"])
        #expect(server.requests.count == 3)
        #expect(server.requests.allSatisfy { $0.headers["x-amz-target"] == "DynamoDB_20120810.Query" })
    }

    @Test func aPageIsAskedForWhenItIsWanted() async throws {
        let server = try Self.server()
        let table = DynamoDB(try server.client())
        for try await page in table.pages(DynamoDB.Scan(table: "t")) {
            #expect(page.items.count == 2)
            break
        }
        #expect(server.requests.count == 1)
        #expect(server.requests[0].headers["x-amz-target"] == "DynamoDB_20120810.Scan")
    }

    @Test func anErrorEndsTheSequence() async throws {
        let server = try StrictServer { _, number in
            number == 0
                ? .answer(200, [:], #"{"Items":[],"LastEvaluatedKey":{"pk":{"S":"x"}}}"#)
                : .answer(400, [:], #"{"__type":"x#ResourceNotFoundException"}"#)
        }
        var pages = DynamoDB(try server.client()).pages(DynamoDB.Scan(table: "t")).makeAsyncIterator()
        #expect(try await pages.next() != nil)
        do throws(AWSError) {
            _ = try await pages.next()
            Issue.record("no error")
        } catch {
            #expect(error.code == .resourceNotFound)
        }
        #expect(try await pages.next() == nil)
    }

    @Test func aScanSendsWhatItIsAskedFor() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], #"{"Count":7}"#) }
        var scan = DynamoDB.Scan(table: "t", index: "i")
        scan.filter = .size("tags", .greater, 2)
        scan.limit = 10
        scan.startKey = ["pk": .s("y")]
        scan.projection = ["a", "b[0]"]
        scan.countOnly = true
        scan.segment = (1, 4)
        #expect(try await DynamoDB(server.client()).scan(scan).count == 7)
        #expect(
            server.requests[0].json
                == (try JSON(
                    parsing: ##"{"TableName":"t","Segment":1,"TotalSegments":4,"IndexName":"i","##
                        + ##""FilterExpression":"size(#n0) > :v0","ProjectionExpression":"#n1, #n2[0]","Limit":10,"##
                        + ##""ExclusiveStartKey":{"pk":{"S":"y"}},"Select":"COUNT","##
                        + ##""ExpressionAttributeNames":{"#n0":"tags","#n1":"a","#n2":"b"},"##
                        + ##""ExpressionAttributeValues":{":v0":{"N":"2"}}}"##)))
    }
}
