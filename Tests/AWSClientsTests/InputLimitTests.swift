import Testing

@testable import AWSClients

/// What a service would refuse, or silently take, is refused before anything is sent, with the limit named.
@Suite(.timeLimit(.minutes(1))) struct InputLimitTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let call: @Sendable (AWSClient) async throws -> Void

        init(_ message: String, _ call: @escaping @Sendable (AWSClient) async throws -> Void) {
            testDescription = message
            self.call = call
        }
    }

    private static func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    static let cases: [Case] = [
        Case("a key of 1025 bytes; 1 to 1,024 are allowed") {
            try await S3($0).put([], bucket: "bucket", key: text(1025))
        },
        Case("a key of 1026 bytes; 1 to 1,024 are allowed") {
            _ = try await S3($0).get(bucket: "bucket", key: String(repeating: "ü", count: 513))
        },
        Case("a key of 0 bytes; 1 to 1,024 are allowed") {
            try await S3($0).delete(bucket: "bucket", key: "")
        },
        Case("an object of 5368709121 bytes; one PUT takes at most 5 GB (5,368,709,120)") {
            try await S3($0).put(length: (5 << 30) + 1, bucket: "bucket", key: "k") { nil }
        },
        Case("parts of 5242879 bytes; 5 MB (5,242,880) to 5 GB are allowed") {
            var parts = S3.UploadOptions()
            parts.partSize -= 1
            try await S3($0).upload(bucket: "bucket", key: "k", parts) { nil }
        },
        Case("the bucket name \"../etc\" is not 3 to 63 lower-case letters, digits, dots and hyphens") {
            _ = try await S3($0).head(bucket: "../etc", key: "k")
        },
        Case("the bucket name \"a..b\" is not 3 to 63 lower-case letters, digits, dots and hyphens") {
            _ = try await S3($0).head(bucket: "a..b", key: "k")
        },
        Case("directory buckets are not supported; their sessions sign otherwise") {
            _ = try await S3($0).head(bucket: "name--use1-az4--x-s3", key: "k")
        },
        Case("access point aliases are not supported; give a bucket's name") {
            _ = try await S3($0).head(bucket: "name-abc-s3alias", key: "k")
        },
        Case("metadata of 2049 bytes; at most 2,048 (2 KB) are allowed") {
            var options = S3.PutOptions()
            options.metadata = ["a": text(2048)]
            try await S3($0).put([], bucket: "bucket", key: "k", options: options)
        },
        Case("11 tags; an object has at most 10") {
            var options = S3.PutOptions()
            for number in 0..<11 { options.tags["\(number)"] = "" }
            try await S3($0).put([], bucket: "bucket", key: "k", options: options)
        },
        Case("part 10001; parts are numbered from 1 to 10,000") {
            _ = try await S3($0).upload(part: 10_001, [], of: .init(bucket: "bucket", key: "k", id: "u"))
        },
        Case("1001 objects a page; 1 to 1,000 are allowed") {
            var options = S3.ListOptions()
            options.pageSize = 1001
            for try await _ in S3($0).list("bucket", options) {}
        },
        Case("access points are not supported; give a bucket's name") {
            _ = try await S3($0).head(bucket: "arn:aws:s3:us-west-2:1:accesspoint/x", key: "k")
        },
        Case("the value of content-disposition is not printable ASCII") {
            var options = S3.PutOptions()
            options.contentDisposition = "attachment\r\nx-amz-acl: public-read"
            try await S3($0).put([], bucket: "bucket", key: "k", options: options)
        },
        Case("the metadata name \"a b\" is not letters, digits, - and _") {
            var options = S3.PutOptions()
            options.metadata = ["a b": "c"]
            try await S3($0).put([], bucket: "bucket", key: "k", options: options)
        },

        Case("a batch of 26 items; 1 to 25 are allowed") {
            try await DynamoDB($0).batchWrite((0..<26).map { .put(["pk": .n($0)]) }, to: "t")
        },
        Case("101 actions; a transaction has 1 to 100") {
            try await DynamoDB($0).transactWrite((0..<101).map { .put(["pk": .n($0)], table: "t") })
        },
        Case("a number of 39 digits; DynamoDB keeps at most 38") {
            try await DynamoDB($0).put(
                ["pk": .s("a"), "n": .n(String(repeating: "9", count: 39))], into: "t")
        },
        Case("the key attribute pk is empty; DynamoDB allows no empty keys") {
            _ = try await DynamoDB($0).get(["pk": .s("")], from: "t")
        },
        Case("the key attribute sk is empty; DynamoDB allows no empty keys") {
            try await DynamoDB($0).delete(["pk": .s("a"), "sk": .b([])], from: "t")
        },
        Case("the key attribute pk is empty; DynamoDB allows no empty keys") {
            _ = try await DynamoDB($0).query(
                .init(table: "t", where: .and([.equals("pk", .s("")), .exists("sk")])))
        },
        Case("the key attribute pk has 2049 bytes; at most 2,048 are allowed") {
            try await DynamoDB($0).update(["pk": .s(text(2049))], in: "t", [])
        },
        Case("the key attribute pk must be a string, a number or bytes") {
            _ = try await DynamoDB($0).get(["pk": .bool(true)], from: "t")
        },
        Case("a key of 0 attributes; it has one or two") { _ = try await DynamoDB($0).get([:], from: "t") },
        Case("a set must not be empty") {
            try await DynamoDB($0).put(["pk": .s("a"), "s": .ss([])], into: "t")
        },
        Case("a batch of 101 keys; 1 to 100 are allowed") {
            _ = try await DynamoDB($0).batchGet((0..<101).map { ["pk": .n($0)] }, from: "t")
        },
        Case("a key stands twice in the batch") {
            _ = try await DynamoDB($0).batchGet([["pk": .s("a")], ["pk": .s("a")]], from: "t")
        },
        Case("an item of 409601 bytes; at most 409,600 (400 KB) are allowed") {
            try await DynamoDB($0).put(["pk": .s(text(409_599))], into: "t")
        },
        Case("an item of 409601 bytes; at most 409,600 (400 KB) are allowed") {
            try await DynamoDB($0).batchWrite([.put(["pk": .s(text(409_599))])], to: "t")
        },
        Case("a value of 409601 bytes; an item has at most 409,600 (400 KB)") {
            try await DynamoDB($0).update(["pk": .s("a")], in: "t", [.set("a", .s(text(409_601)))])
        },
        Case("a transaction of 4300010 bytes; at most 4,194,304 (4 MB) are allowed") {
            try await DynamoDB($0).transactWrite(
                (0..<11).map { _ in .put(["pk": .s("a"), "x": .s(text(390_906))], table: "t") })
        },
        Case("a value more than 32 levels deep; DynamoDB keeps none") {
            let deep = (0..<32).reduce(AttributeValue.null) { value, _ in .l([value]) }
            try await DynamoDB($0).put(["pk": .s("a"), "d": deep], into: "t")
        },
        Case("an expression of 4443 bytes; at most 4,096 (4 KB) are allowed") {
            let many = [Condition](repeating: .exists("a"), count: 171)
            try await DynamoDB($0).put(["pk": .s("a")], into: "t", condition: .and(many))
        },
        Case("segment 4 of 4; 0 up to 1,000,000 are allowed") {
            var scan = DynamoDB.Scan(table: "t")
            scan.segment = (4, 4)
            _ = try await DynamoDB($0).scan(scan)
        },
        Case("an empty AND in a condition") {
            try await DynamoDB($0).put(["pk": .s("a")], into: "t", condition: .and([]))
        },

        Case("the message is empty; SNS publishes none") { try await SNS($0).publish("", to: "arn") },
        Case("message and attributes have 262145 bytes; at most 262,144 are allowed") {
            try await SNS($0).publish(text(262_145), to: "arn")
        },
        Case("message and attributes have 262145 bytes; at most 262,144 are allowed") {
            try await SNS($0).publish(text(262_137), to: "arn", attributes: ["a": .string("b")])
        },
        Case("the attribute a is empty; SNS allows none") {
            try await SNS($0).publish("m", to: "arn", attributes: ["a": .string("")])
        },
        Case("the attribute a is empty; SNS allows none") {
            try await SNS($0).publish("m", to: "arn", attributes: ["a": .strings([])])
        },
        Case(
            "the attribute name \"a b\" is not 1 to 256 letters, digits, _, - and . (none at its ends)"
        ) {
            try await SNS($0).publish("m", to: "arn", attributes: ["a b": .string("c")])
        },
        Case("a group id of 129 bytes; 1 to 128 printable ASCII characters are allowed") {
            try await SNS($0).publish("m", to: "arn", groupID: text(129))
        },
        Case("a deduplication id of 3 bytes; 1 to 128 printable ASCII characters are allowed") {
            try await SNS($0).publish("m", to: "arn", deduplicationID: "a b")
        },
        Case("a batch of 11 messages; 1 to 10 are allowed") {
            _ = try await SNS($0).publish(batch: (0..<11).map { .init("\($0)") }, to: "arn")
        },
        Case("the batch has 300000 bytes; at most 262,144 are allowed") {
            _ = try await SNS($0).publish(
                batch: [.init(text(150_000)), .init(text(150_000))], to: "arn")
        },
        Case("the message is empty; SNS publishes none") {
            _ = try await SNS($0).publish(batch: [.init("a"), .init("")], to: "arn")
        },
        Case("the subject has a line break, a control character or something other than ASCII") {
            try await SNS($0).publish("m", to: "arn", subject: "two\nlines")
        },
        Case("a subject of 101 characters; 1 to 100 are allowed") {
            try await SNS($0).publish("m", to: "arn", subject: text(101))
        },

        Case("a plaintext of 4097 bytes; 1 to 4,096 are allowed") {
            _ = try await KMS($0).encrypt([UInt8](repeating: 0, count: 4097), key: "k")
        },
        Case("a ciphertext of 0 bytes; 1 to 6,144 are allowed") { _ = try await KMS($0).decrypt([]) },
        Case("a secret's id of 0 bytes; 1 to 2,048 are allowed") {
            _ = try await SecretsManager($0).value(of: "")
        },
        Case("a parameter's name of 2049 bytes; 1 to 2,048 are allowed") {
            _ = try await SSM($0).parameter(text(2049))
        },
        Case("the function \"a/../b c\" is no name or ARN of 1 to 256 printable ASCII characters") {
            try await Lambda($0).invokeAsEvent("a/../b c", [])
        },
        Case("a payload of 1048577 bytes; at most 1048576 are allowed") {
            try await Lambda($0).invokeAsEvent("f", [UInt8](repeating: 32, count: 1_048_577))
        },
        Case("a payload of 6291557 bytes; at most 6291556 are allowed") {
            _ = try await Lambda($0).invoke("f", [UInt8](repeating: 32, count: 6_291_557))
        },
        Case("1001 metrics; 1 to 1,000 are allowed") {
            let metrics = [CloudWatch.Metric](repeating: .init("m", .single(1)), count: 1001)
            try await CloudWatch($0).putMetricData(metrics, namespace: "n")
        },
        Case("the namespace \"AWS/Lambda\" is not 1 to 255 bytes, or begins with AWS/, which is AWS's own") {
            try await CloudWatch($0).putMetricData([.init("m", .single(1))], namespace: "AWS/Lambda")
        },
        Case("the value nan of m; -2^360 to 2^360 are allowed") {
            try await CloudWatch($0).putMetricData([.init("m", .single(.nan))], namespace: "n")
        },
        Case("151 values of m; 1 to 150 are allowed") {
            let values = (0..<151).map { (value: Double($0), count: 1.0) }
            try await CloudWatch($0).putMetricData([.init("m", .counted(values))], namespace: "n")
        },
        Case("31 dimensions of m; at most 30 are allowed") {
            let many = Dictionary(uniqueKeysWithValues: (0..<31).map { ("\($0)", "v") })
            try await CloudWatch($0).putMetricData([.init("m", .single(1), dimensions: many)], namespace: "n")
        },

        Case("a batch of 11 entries; 1 to 10 are allowed") {
            _ = try await SQS($0).send(batch: (0..<11).map { .init("\($0)") }, to: "q")
        },
        Case("a batch of 0 entries; 1 to 10 are allowed") {
            _ = try await SQS($0).delete(batch: [], from: "q")
        },
        Case("the message is empty; SQS sends none") { try await SQS($0).send("", to: "q") },
        Case("message and attributes have 1048577 bytes; at most 1,048,576 are allowed") {
            try await SQS($0).send(text(1_048_577), to: "q")
        },
        Case("the batch has 1400000 bytes; at most 1,048,576 are allowed") {
            _ = try await SQS($0).send(batch: [.init(text(700_000)), .init(text(700_000))], to: "q")
        },
        Case("the message holds U+1, which XML does not allow") { try await SQS($0).send("a\u{1}", to: "q") },
        Case("a delay of 901.0 seconds; 0 to 900 s are allowed") {
            try await SQS($0).send("m", to: "q", delay: .seconds(901))
        },
        Case("a visibility timeout of 43201.0 seconds; 0 to 43200 s are allowed") {
            try await SQS($0).changeVisibility(receiptHandle: "h", of: "q", to: .seconds(43_201))
        },
        Case("a group id of 0 bytes; 1 to 128 printable ASCII characters are allowed") {
            try await SQS($0).send(.init("m", groupID: ""), to: "q")
        },
        Case("a wait of 21.0 seconds; 0 to 20 s are allowed") {
            _ = try await SQS($0).receive(from: "q", wait: .seconds(21))
        },
        Case("11 messages at once; 1 to 10 are allowed") {
            _ = try await SQS($0).receive(from: "q", maximum: 11)
        },
    ]

    @Test(arguments: cases)
    func isRefusedUnsent(_ example: Case) async throws {
        let server = try StrictServer()
        let client = try server.client()
        let error = await #expect(throws: AWSError.self) { try await example.call(client) }
        #expect(error?.code == .invalidInput)
        #expect(error?.message == example.testDescription)
        #expect(server.connectionCount == 0)
    }

    @Test func whatIsJustWithinTheLimitIsSent() async throws {
        let server = try StrictServer { request, _ in
            request.headers["x-amz-target"] == nil
                ? .answer(200, [:], "<R><PublishResult><MessageId>m</MessageId></PublishResult></R>")
                : .answer(200, [:], #"{"MessageId":"m"}"#)
        }
        let client = try server.client()
        try await SNS(client).publish(
            Self.text(262_136), to: "arn", subject: Self.text(100), attributes: ["a": .string("b")])
        try await SQS(client).send(Self.text(1_048_576), to: "q", delay: .seconds(900))
        try await DynamoDB(client).batchWrite((0..<25).map { .put(["pk": .n($0)]) }, to: "t")
        #expect(server.requests.count == 3)
    }
}
