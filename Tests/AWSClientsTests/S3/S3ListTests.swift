import HTTP
import Testing
import Time

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct S3ListTests {
    /// Three pages of two, keys encoded as S3 does when asked.
    private static func page(_ request: StrictServer.Request) -> StrictServer.Reply {
        let pages = [
            ["a%2Fb+c.png", "a%2F%2B%25"], ["%C3%BC%E1%88%B4", "%01%7F"], ["last%22%26%3C"],
        ]
        let number = request.query["continuation-token"].flatMap { Int($0.dropFirst("t+/=".count)) } ?? 0
        let objects = pages[number].map {
            "<Contents><Key>\($0)</Key><LastModified>2026-11-21T05:26:36.000Z</LastModified>"
                + "<ETag>&quot;e&quot;</ETag><Size>12</Size><StorageClass>STANDARD</StorageClass></Contents>"
        }
        let next =
            number < 2
            ? "<IsTruncated>true</IsTruncated><NextContinuationToken>t+/=\(number + 1)</NextContinuationToken>"
            : "<IsTruncated>false</IsTruncated>"
        return .answer(
            200, [:],
            "<ListBucketResult><EncodingType>url</EncodingType>\(next)\(objects.joined())"
                + "<CommonPrefixes><Prefix>dir%2B\(number)%2F</Prefix></CommonPrefixes></ListBucketResult>")
    }

    @Test func pagesFollowOneAnotherAndKeysAreDecoded() async throws {
        let server = try StrictServer { request, _ in Self.page(request) }
        var options = S3.ListOptions()
        options.prefix = "a/ü +"
        options.delimiter = "/"
        options.startAfter = "a b"
        options.pageSize = 2
        var keys: [String] = []
        var prefixes: [String] = []
        for try await page in S3(try server.client()).list("bucket", options) {
            keys += page.objects.map(\.key)
            prefixes += page.prefixes
        }
        #expect(keys == ["a/b c.png", "a/+%", "üሴ", "\u{1}\u{7F}", "last\"&<"])
        #expect(prefixes == ["dir+0/", "dir+1/", "dir+2/"])
        #expect(server.requests.map { $0.query["continuation-token"] } == [nil, "t+/=1", "t+/=2"])
        #expect(server.requests.map { $0.query["start-after"] } == ["a b", nil, nil])
        #expect(server.requests.allSatisfy { $0.query["prefix"] == "a/ü +" && $0.query["max-keys"] == "2" })
        #expect(server.refusals == [])
    }

    @Test func objectsComeWithWhatS3Says() async throws {
        let server = try StrictServer { request, _ in Self.page(request) }
        let found = try await S3(try server.client()).list("bucket").objects.reduce(into: []) {
            $0.append($1)
        }
        #expect(found.count == 5)
        #expect(
            found.first
                == S3.ListedObject(
                    key: "a/b c.png", size: 12, etag: "\"e\"",
                    lastModified: Timestamp(rfc3339: "2026-11-21T05:26:36Z"), storageClass: "STANDARD"))
    }

    @Test func aLoopThatEndsEarlyAsksForNoFurtherPage() async throws {
        let server = try StrictServer { request, _ in Self.page(request) }
        for try await object in S3(try server.client()).list("bucket").objects where object.size > 0 { break }
        #expect(server.requests.count == 1)
    }

    @Test func aListThatDoesNotSayHowItGoesOnIsAnError() async throws {
        let server = try StrictServer { _, _ in
            .answer(200, [:], "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")
        }
        let s3 = S3(try server.client())
        let error = await #expect(throws: AWSError.self) { for try await _ in s3.list("bucket") {} }
        #expect(error?.code == .malformedResponse)
    }
}

@Suite(.timeLimit(.minutes(1))) struct S3DeleteManyTests {
    private static func keys(_ request: StrictServer.Request) -> [String] {
        let document = try? XMLElement(parsing: request.body)
        return (document?.children ?? []).filter { $0.name == "Object" }.compactMap { $0["Key"]?.text }
    }

    @Test func keysGoAThousandACallWithAChecksum() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], "<DeleteResult/>") }
        let keys = (0..<2001).map { "k\($0)<&>\"\r\n" }
        // Also where none is sent unasked: S3 requires it here.
        let client = try server.client { $0.requestChecksums = .whenRequired }
        #expect(try await S3(client).delete(bucket: "bucket", keys: keys) == [])
        #expect(server.requests.map { Self.keys($0).count } == [1000, 1000, 1])
        #expect(server.requests.flatMap(Self.keys) == keys)
        #expect(server.refusals == [])
    }

    @Test func onlyKeysThatFailedInPassingAreSentAgain() async throws {
        let server = try StrictServer { _, number in
            let transient =
                "<Error><Key>b</Key><Code>InternalError</Code><Message>again</Message></Error>"
            let final = "<Error><Key>c</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
            return .answer(200, [:], "<DeleteResult>\(number == 0 ? transient + final : "")</DeleteResult>")
        }
        let failures = try await S3(try server.client()).delete(bucket: "bucket", keys: ["a", "b", "c"])
        #expect(failures == [S3.DeleteFailure(key: "c", code: "AccessDenied", message: "no")])
        #expect(server.requests.map(Self.keys) == [["a", "b", "c"], ["b"]])
    }

    @Test func aKeyThatXMLCannotSayIsRefusedUnsent() async throws {
        let server = try StrictServer()
        let s3 = S3(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await s3.delete(bucket: "bucket", keys: ["a", "b\u{1}"])
        }
        #expect(error?.code == .invalidInput)
        #expect(server.connectionCount == 0)
    }
}

@Suite(.timeLimit(.minutes(1))) struct S3CopyAndTagsTests {
    @Test func theSourceIsEncodedAndTheCopysOwnOptionsReplaceIts() async throws {
        let server = try StrictServer { _, _ in
            .answer(200, [:], "<CopyObjectResult><ETag>\"c\"</ETag></CopyObjectResult>")
        }
        let s3 = S3(try server.client())
        let plain = try await s3.copy(from: ("source", "a b/ü+%"), to: "bucket", key: "k")
        #expect(plain.etag == "\"c\"")
        let options = S3.PutOptions(contentType: "image/png")
        _ = try await s3.copy(
            from: ("source", "a"), to: "bucket", key: "k", options: options, onlyIfMatches: "\"e\"")
        #expect(server.requests[0].headers["x-amz-copy-source"] == "/source/a%20b/%C3%BC%2B%25")
        #expect(server.requests[0].headers["x-amz-metadata-directive"] == nil)
        #expect(server.requests[1].headers["x-amz-metadata-directive"] == "REPLACE")
        #expect(server.requests[1].headers["x-amz-copy-source-if-match"] == "\"e\"")
        #expect(server.requests[1].headers["content-type"] == "image/png")
    }

    @Test func anErrorInsideA200IsOneAndRetriedLikeOne() async throws {
        let server = try StrictServer { _, number in
            number == 0
                ? .answer(200, [:], "\n\n<Error><Code>InternalError</Code><Message>again</Message></Error>")
                : .answer(200, [:], "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
        }
        let s3 = S3(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await s3.copy(from: ("source", "a"), to: "bucket", key: "k")
        }
        #expect(error?.code.rawValue == "AccessDenied")
        // As the SDKs have it, whatever stands in a 200 may pass: the code of the last try is told.
        #expect(error?.attempts == 3)
    }

    @Test func tagsStorageClassAndEncryptionGoWithAnObject() async throws {
        let server = try StrictServer()
        var options = S3.PutOptions()
        options.tags = ["user": "a b&c=ü"]
        options.storageClass = .intelligentTiering
        options.encryption = .kms(keyID: "arn:aws:kms:eu-west-1:1:key/k")
        try await S3(try server.client()).put([1], bucket: "bucket", key: "k", options: options)
        let headers = try #require(server.requests.first?.headers)
        #expect(headers["x-amz-tagging"] == "user=a%20b%26c%3D%C3%BC")
        #expect(headers["x-amz-storage-class"] == "INTELLIGENT_TIERING")
        #expect(headers["x-amz-server-side-encryption"] == "aws:kms")
        #expect(headers["x-amz-server-side-encryption-aws-kms-key-id"] == "arn:aws:kms:eu-west-1:1:key/k")
    }

    @Test func tagsAreReadAndReplaced() async throws {
        let server = try StrictServer { request, _ in
            request.method == "PUT"
                ? .answer(200)
                : .answer(
                    200, [:],
                    "<Tagging><TagSet><Tag><Key>a&amp;b</Key><Value>1</Value></Tag></TagSet></Tagging>")
        }
        let s3 = S3(try server.client())
        #expect(try await s3.tags(bucket: "bucket", key: "k") == ["a&b": "1"])
        try await s3.setTags(["a&b": "<1>"], bucket: "bucket", key: "k")
        let sent = try XMLElement(parsing: try #require(server.requests.last?.body))
        #expect(sent["TagSet"]?.children.map { [$0["Key"]?.text, $0["Value"]?.text] } == [["a&b", "<1>"]])
        #expect(server.refusals == [])
    }

    @Test func headTellsStorageEncryptionAndVersion() async throws {
        let server = try StrictServer { _, _ in
            .answer(
                200,
                [
                    "Last-Modified": "Sat, 21 Nov 2026 05:26:36 GMT", "x-amz-storage-class": "GLACIER_IR",
                    "x-amz-version-id": "v1", "x-amz-server-side-encryption": "aws:kms",
                    "x-amz-server-side-encryption-aws-kms-key-id": "arn:k",
                    "x-amz-checksum-crc32": "AAAAAA==",
                    "x-amz-checksum-sha256": "x-2",
                ])
        }
        let info = try #require(try await S3(server.client()).head(bucket: "bucket", key: "k"))
        #expect(info.lastModified == Timestamp(rfc3339: "2026-11-21T05:26:36Z"))
        #expect(info.storageClass == "GLACIER_IR")
        #expect(info.versionID == "v1")
        #expect(info.encryption == "aws:kms")
        #expect(info.kmsKeyID == "arn:k")
        #expect(info.checksums == [.crc32: "AAAAAA=="])
    }
}
