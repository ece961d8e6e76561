import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import AWSClients

/// The happy paths against moto with signature checking on, with a key of its IAM.
@Suite(.timeLimit(.minutes(1))) struct MotoTests {
    static func client() async throws -> AWSClient {
        AWSClient(
            http: TestLoop.http,
            configuration: try .init(environment: try await LocalAWS.shared().environment))
    }

    @Test func aForeignSecretIsRefused() async throws {
        var environment = try await LocalAWS.shared().environment
        environment["AWS_SECRET_ACCESS_KEY"] = "wrong"
        let client = AWSClient(http: TestLoop.http, configuration: try .init(environment: environment))
        let error = await #expect(throws: AWSError.self) { try await S3(client).createBucket("refused") }
        #expect(error?.code.rawValue == "SignatureDoesNotMatch")
        await #expect(throws: AWSError.self) { try await DynamoDB(client).call("ListTables", [:]) }
        await #expect(throws: AWSError.self) { try await SQS(client).createQueue("refused") }
        await #expect(throws: AWSError.self) { try await SNS(client).createTopic("refused") }
    }

    @Test func objectsComeBackAsTheyWere() async throws {
        let s3 = S3(try await Self.client())
        try await s3.createBucket("objects")
        try await s3.headBucket("objects")
        #expect(try await s3.head(bucket: "objects", key: "none") == nil)
        let missing = await #expect(throws: AWSError.self) {
            _ = try await s3.get(bucket: "objects", key: "none")
        }
        #expect(missing?.code == .noSuchKey)
        #expect(
            await #expect(throws: AWSError.self) { try await s3.headBucket("no-such-bucket") }?.code
                == .noSuchBucket)

        var options = S3.PutOptions(contentType: "image/png")
        options.metadata = ["seed": "42"]
        for key in ["plain", "with space", "a+b%/ü", "dir/sub/x.png"] {
            try await s3.put(Array(key.utf8), bucket: "objects", key: key, options: options)
            #expect(try await s3.get(bucket: "objects", key: key) == Array(key.utf8))
            let info = try #require(try await s3.head(bucket: "objects", key: key))
            #expect(info.contentType == "image/png")
            #expect(info.size == key.utf8.count)
            #expect(info.metadata == ["seed": "42"])
            try await s3.delete(bucket: "objects", key: key)
            #expect(try await s3.head(bucket: "objects", key: key) == nil)
        }
    }

    @Test func listsCopiesTagsRangesAndBulkDeletes() async throws {
        let s3 = S3(try await Self.client())
        try await s3.createBucket("lists")
        var options = S3.PutOptions(contentType: "text/plain")
        options.tags = ["user": "a b+c"]
        options.storageClass = .infrequentAccess
        let keys = (0..<7).map { "dir \($0 % 2)/ü+\($0)" }
        for key in keys { try await s3.put(Array(key.utf8), bucket: "lists", key: key, options: options) }
        #expect(try await s3.tags(bucket: "lists", key: keys[0]) == ["user": "a b+c"])
        try await s3.setTags(["other": "1"], bucket: "lists", key: keys[0])
        #expect(try await s3.tags(bucket: "lists", key: keys[0]) == ["other": "1"])
        #expect(try await s3.head(bucket: "lists", key: keys[0])?.storageClass == "STANDARD_IA")

        var list = S3.ListOptions()
        list.pageSize = 3
        let found = try await s3.list("lists", list).objects.reduce(into: []) { $0.append($1.key) }
        #expect(found == keys.sorted())
        list.delimiter = "/"
        var folders: [String] = []
        for try await page in s3.list("lists", list) { folders += page.prefixes }
        #expect(folders == ["dir 0/", "dir 1/"])

        try await s3.copy(from: ("lists", keys[1]), to: "lists", key: "copy + ü")
        #expect(try await s3.get(bucket: "lists", key: "copy + ü") == Array(keys[1].utf8))
        var get = S3.GetOptions()
        get.range = .bytes(1...3)
        #expect(try await s3.get(bucket: "lists", key: "copy + ü", options: get) == Array("ir ".utf8))
        get = .init()
        get.onlyIfChanged = try await s3.head(bucket: "lists", key: "copy + ü")?.etag
        let conditional = get
        let same = await #expect(throws: AWSError.self) {
            try await s3.get(bucket: "lists", key: "copy + ü", options: conditional)
        }
        #expect(same?.code == .notModified)

        #expect(try await s3.delete(bucket: "lists", keys: keys + ["none"]) == [])
        let left = try await s3.list("lists").objects.reduce(into: []) { $0.append($1.key) }
        #expect(left == ["copy + ü"])
    }

    @Test func streamsGoUpAndDown() async throws {
        let s3 = S3(try await Self.client())
        try await s3.createBucket("streams")
        let piece = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let given = Locked(0)
        try await s3.put(length: 300_000, bucket: "streams", key: "chunked") {
            given.withLock { given in
                given += 1
                return given > 3 ? nil : piece
            }
        }
        #expect(try await s3.get(bucket: "streams", key: "chunked") == piece + piece + piece)

        let parts = Locked(0)
        let mebibyte = [UInt8](repeating: 9, count: 1 << 20)
        try await s3.upload(bucket: "streams", key: "multipart") {
            parts.withLock { parts in
                parts += 1
                return parts > 7 ? nil : mebibyte
            }
        }
        // moto computes the checksum of what came in parts, and without awscrt it gives a CRC-32 for a CRC64NVME.
        var configuration = try AWSClient.Configuration(
            environment: try await LocalAWS.shared().environment)
        configuration.responseChecksums = .whenRequired
        let trusting = S3(AWSClient(http: TestLoop.http, configuration: configuration))
        let body = try await trusting.stream(bucket: "streams", key: "multipart")
        #expect(body.info.size == 7 << 20)
        var count = 0
        while let bytes = try await body.next() {
            #expect(bytes.allSatisfy { $0 == 9 })
            count += bytes.count
        }
        #expect(count == 7 << 20)
    }

    @Test func presignedAddressesWork() async throws {
        // With signature checking on, moto answers them with 500: the strict server judges those signatures.
        let environment = try await LocalAWS.sharedWithoutSignatures().environment
        let s3 = S3(AWSClient(http: TestLoop.http, configuration: try .init(environment: environment)))
        try await s3.createBucket("presigned")
        let put = try await s3.presignPut(
            bucket: "presigned", key: "a b", expiresIn: .seconds(60), contentType: "text/plain",
            contentLength: 5)
        var headers = put.headers
        headers["content-length"] = nil
        let stored = try await TestLoop.http.send(
            .init(.put, try #require(URL(put.url)), headers: headers, body: .bytes(Array("hello".utf8))))
        #expect(stored.status == 200)
        let get = try await s3.presignGet(
            bucket: "presigned", key: "a b", expiresIn: .seconds(60),
            responseHeaders: ["response-content-disposition": "attachment"])
        let response = try await TestLoop.http.send(.init(.get, try #require(URL(get.url))))
        #expect(response.body == Array("hello".utf8))
        #expect(response.headers["content-disposition"] == "attachment")
    }

    @Test func itemsAndConditions() async throws {
        let table = DynamoDB(try await Self.client())
        try await table.call("CreateTable", Self.schema("items"))
        let key: Item = ["pk": .s("JOB#1"), "sk": .s("JOB")]
        let item = key.merging([
            "status": .s("queued"), "n": .n("12345678901234567890123456789012345678"),
            "bytes": .b([0, 1, 255]),
            "list": .l([.s("a"), .null, .bool(false)]), "map": .m(["size": .n(1)]), "tags": .ss(["x"]),
        ]) { $1 }
        #expect(try await table.get(key, from: "items") == nil)
        try await table.put(item, into: "items", condition: .notExists("pk"))
        #expect(try await table.get(key, from: "items") == item)
        let lost = await #expect(throws: AWSError.self) {
            try await table.put(item, into: "items", condition: .notExists("pk"))
        }
        #expect(lost?.code == .conditionalCheckFailed)

        let new = try await table.update(
            key, in: "items",
            [
                .set("status", .s("running")), .add("map.size", .n(2)), .append("list", [.s("b")]),
                .remove("bytes"),
                .setIfAbsent("n", .n(0)), .add("tags", .ss(["y"])),
            ],
            condition: .and([
                .equals("status", .s("queued")), .contains("tags", .s("x")), .not(.exists("token")),
            ]),
            returning: .allNew)
        #expect(new?["status"] == .s("running"))
        #expect(new?["map"] == .m(["size": .n(3)]))
        #expect(new?["list"]?.list?.count == 4)
        #expect(new?["bytes"] == nil)
        #expect(new?["n"]?.number == "12345678901234567890123456789012345678")
        #expect(new?["tags"]?.stringSet.map(Set.init) == ["x", "y"])
        #expect(try await table.get(key, from: "items", projection: ["status"]) == ["status": .s("running")])
        #expect(try await table.delete(key, from: "items", returning: .allOld)?["status"] == .s("running"))
        let gone = await #expect(throws: AWSError.self) {
            _ = try await table.get(key, from: "no-such-table")
        }
        #expect(gone?.code == .resourceNotFound)
    }

    @Test func queriesBatchesAndTransactions() async throws {
        let table = DynamoDB(try await Self.client())
        try await table.call("CreateTable", Self.schema("queries"))
        try await table.batchWrite(
            (0..<25).map {
                .put(["pk": .s("p"), "sk": .s($0 < 10 ? "0\($0)" : "\($0)"), "even": .bool($0 % 2 == 0)])
            },
            to: "queries")
        var query = DynamoDB.Query(
            table: "queries", where: .and([.equals("pk", .s("p")), .greaterOrEqual("sk", .s("05"))]))
        query.limit = 8
        query.filter = .equals("even", .bool(true))
        var found: [String] = []
        repeat {
            let page = try await table.query(query)
            found += page.items.compactMap { $0["sk"]?.string }
            query.startKey = page.lastKey
        } while query.startKey != nil
        #expect(found == ["06", "08", "10", "12", "14", "16", "18", "20", "22", "24"])

        try await table.transactWrite([
            .put(["pk": .s("t"), "sk": .s("1")], table: "queries", condition: .notExists("pk")),
            .update(key: ["pk": .s("p"), "sk": .s("00")], table: "queries", [.set("seen", .bool(true))]),
            .delete(key: ["pk": .s("p"), "sk": .s("01")], table: "queries"),
            .check(key: ["pk": .s("p"), "sk": .s("02")], table: "queries", condition: .exists("pk")),
        ])
        let cancelled = await #expect(throws: AWSError.self) {
            try await table.transactWrite([
                .check(key: ["pk": .s("p"), "sk": .s("01")], table: "queries", condition: .exists("pk"))
            ])
        }
        #expect(cancelled?.code == .transactionCanceled)
    }

    @Test func messagesGoFromATopicThroughAQueue() async throws {
        let client = try await Self.client()
        let (sns, sqs) = (SNS(client), SQS(client))
        let topic = try await sns.createTopic("topic")
        let queue = try await sqs.createQueue("queue", attributes: ["VisibilityTimeout": "30"])
        let attributes = try await sqs.attributes(of: queue)
        #expect(attributes["VisibilityTimeout"] == "30")
        let arn = try #require(attributes["QueueArn"])
        _ = try await sns.subscribe(
            topicARN: topic, protocol: "sqs", endpoint: arn, attributes: ["RawMessageDelivery": "true"])
        let text = "{\"a\":\"ü & <b>\"}"
        try await sns.publish(text, to: topic, subject: "s", attributes: ["event": .string("job.completed")])
        let messages = try await sqs.receive(from: queue, wait: .seconds(1))
        #expect(messages.map(\.body) == [text])
        let handle = try #require(messages.first?.receiptHandle)
        #expect(messages.first?.messageAttributes == ["event": "job.completed"])
        #expect(messages.first?.attributes["ApproximateReceiveCount"] == "1")

        #expect(try await sqs.receive(from: queue).isEmpty)
        try await sqs.changeVisibility(receiptHandle: handle, of: queue, to: .zero)
        let again = try await sqs.receive(from: queue)
        #expect(again.first?.attributes["ApproximateReceiveCount"] == "2")
        try await sqs.delete(receiptHandle: try #require(again.first?.receiptHandle), from: queue)

        #expect(
            try await sqs.send(batch: [.init("one"), .init("two", attributes: ["k": "v"])], to: queue) == [])
        let both = try await sqs.receive(from: queue)
        #expect(Set(both.map(\.body)) == ["one", "two"])
        #expect(
            try await sqs.changeVisibility(batch: both.map { ($0.receiptHandle, .seconds(60)) }, of: queue)
                == [])
        #expect(try await sqs.delete(batch: both.map(\.receiptHandle), from: queue) == [])
        let missing = await #expect(throws: AWSError.self) {
            try await sqs.send("m", to: "http://127.0.0.1/123456789012/none")
        }
        #expect(missing?.status == 400)
    }

    static func schema(_ name: String) -> JSON {
        [
            "TableName": .string(name), "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                ["AttributeName": "pk", "AttributeType": "S"], ["AttributeName": "sk", "AttributeType": "S"],
            ],
            "KeySchema": [
                ["AttributeName": "pk", "KeyType": "HASH"], ["AttributeName": "sk", "KeyType": "RANGE"],
            ],
        ]
    }
}
