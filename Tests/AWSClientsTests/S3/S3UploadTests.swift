import HTTP
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(2))) struct S3UploadTests {
    private static let partSize = 5 << 20
    /// Without optimization a CRC over such parts takes seconds; OpenSSL's SHA-256 does not.
    private static let quick = {
        var options = S3.PutOptions()
        options.checksum = .sha256
        return options
    }()

    /// An S3 that keeps parts: their checksums by number.
    private final class Parts: Sendable {
        let state = Locked<[Int: String]>([:])

        func answer(_ request: StrictServer.Request, failing: Int? = nil) -> StrictServer.Reply {
            let number = request.query["partNumber"].flatMap { Int($0) }
            switch (request.method, number) {
            case ("POST", _) where request.query["uploads"] != nil:
                return .answer(200, [:], "<R><UploadId>u</UploadId></R>")
            case ("PUT", let number?):
                if number == failing { return .answer(403, [:], "<Error><Code>AccessDenied</Code></Error>") }
                state.withLock { $0[number] = request.headers["x-amz-checksum-sha256"] }
                return .answer(200, ["ETag": "\"p\(number)\""])
            case ("GET", _):
                let list = state.withLock { $0 }.sorted { $0.key < $1.key }.map {
                    "<Part><PartNumber>\($0.key)</PartNumber><ETag>\"p\($0.key)\"</ETag>"
                        + "<Size>\(S3UploadTests.partSize)</Size>"
                        + "<ChecksumSHA256>\($0.value)</ChecksumSHA256></Part>"
                }
                return .answer(200, [:], "<ListPartsResult>\(list.joined())</ListPartsResult>")
            case ("DELETE", _): return .answer(204)
            default: return .answer(200, [:], "<R><ETag>\"all\"</ETag></R>")
            }
        }
    }

    /// A part for each number, all its bytes that number.
    private static func source(
        _ numbers: [UInt8], whenAsked: @escaping @Sendable (Int) -> Void = { _ in }
    ) -> @Sendable () async throws -> [UInt8]? {
        let given = Locked(0)
        return {
            let index = given.withLock { given in
                given += 1
                return given - 1
            }
            whenAsked(index * partSize)
            return index < numbers.count ? [UInt8](repeating: numbers[index], count: partSize) : nil
        }
    }

    @Test func theSourceIsAskedForMoreOnlyAsPartsAreStored() async throws {
        let parts = Parts()
        let server = try StrictServer { request, _ in parts.answer(request) }
        var options = S3.UploadOptions()
        options.parallel = 2
        let most = Locked(0)
        try await S3(server.client()).upload(
            bucket: "bucket", key: "k", options: Self.quick, options,
            next: Self.source([1, 2, 3, 4, 5, 6]) { given in
                let stored = parts.state.withLock { $0.count } * Self.partSize
                most.withLock { $0 = max($0, given - stored) }
            })
        // Two on their way and one more in hand.
        #expect(most.withLock { $0 } <= 3 * Self.partSize)
        #expect(server.requests.count { $0.method == "PUT" } == 6)
        #expect(server.refusals == [])
    }

    @Test func aPartThatIsLostIsSentAgainByItself() async throws {
        let parts = Parts()
        let dropped = Locked(false)
        let server = try StrictServer { request, _ in
            let drops =
                request.query["partNumber"] == "2"
                && dropped.withLock { was in
                    defer { was = true }
                    return !was
                }
            return drops ? .drop : parts.answer(request)
        }
        try await S3(server.client()).upload(
            bucket: "bucket", key: "k", options: Self.quick, next: Self.source([1, 2, 3]))
        let sent = server.requests.compactMap { $0.query["partNumber"] }.sorted()
        #expect(sent == ["1", "2", "2", "3"])
        #expect(server.requests.last?.method == "POST")
    }

    @Test func aPartThatIsRefusedAbortsTheUpload() async throws {
        let parts = Parts()
        let server = try StrictServer { request, _ in parts.answer(request, failing: 2) }
        let s3 = S3(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await s3.upload(
                bucket: "bucket", key: "k", options: Self.quick, next: Self.source([1, 2, 3]))
        }
        #expect(error?.code.rawValue == "AccessDenied")
        #expect(error?.operation == "UploadPart")
        #expect(server.requests.last?.method == "DELETE")
    }

    @Test func anUploadThatBrokeOffIsResumedWithThePartsThatAreMissing() async throws {
        let parts = Parts()
        let broken = try StrictServer { request, _ in parts.answer(request, failing: 2) }
        let begun = Locked<S3.MultipartUpload?>(nil)
        var options = S3.UploadOptions()
        options.parallel = 1
        options.willBegin = { upload in begun.withLock { $0 = upload } }
        let s3 = S3(try broken.client())
        let kept = options
        await #expect(throws: AWSError.self) {
            try await s3.upload(
                bucket: "bucket", key: "k", options: Self.quick, kept, next: Self.source([1, 2, 3]))
        }
        #expect(!broken.requests.contains { $0.method == "DELETE" })

        // Part 1 is there as it was; a part 3 is there that is not the source's.
        parts.state.withLock { $0[3] = "AAAAAAAAAAA=" }
        let server = try StrictServer { request, _ in parts.answer(request) }
        options = .init()
        options.resuming = begun.withLock { $0 }
        try await S3(server.client()).upload(
            bucket: "bucket", key: "k", options: Self.quick, options, next: Self.source([1, 2, 3]))
        #expect(server.requests.compactMap { $0.query["partNumber"] }.sorted() == ["2", "3"])
        let completion = try XMLElement(parsing: try #require(server.requests.last?.body))
        #expect(completion.children.map { $0["PartNumber"]?.text } == ["1", "2", "3"])
    }

    @Test func theListOfPartsHasPages() async throws {
        let server = try StrictServer { request, _ in
            let number = request.query["part-number-marker"] == nil ? 1 : 2
            let part = "<Part><PartNumber>\(number)</PartNumber><ETag>e</ETag><Size>1</Size></Part>"
            let next =
                number == 1
                ? "<IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>" : ""
            return .answer(200, [:], "<ListPartsResult>\(next)\(part)</ListPartsResult>")
        }
        let found = try await S3(server.client()).parts(of: .init(bucket: "bucket", key: "k", id: "u"))
        #expect(found.map(\.number) == [1, 2])
    }

    @Test func theListOfUploadsHasPages() async throws {
        let server = try StrictServer { request, _ in
            #expect(request.query["uploads"] == "")
            #expect(request.query["prefix"] == "outputs/a/")
            let isFirst = request.query["key-marker"] == nil
            if !isFirst {
                #expect(request.query["key-marker"] == "outputs/a/1")
                #expect(request.query["upload-id-marker"] == "u1")
            }
            let number = isFirst ? 1 : 2
            let upload =
                "<Upload><Key>outputs/a/\(number)</Key><UploadId>u\(number)</UploadId></Upload>"
            let next =
                "<IsTruncated>true</IsTruncated><NextKeyMarker>outputs/a/1</NextKeyMarker>"
                + "<NextUploadIdMarker>u1</NextUploadIdMarker>"
            return .answer(
                200, [:],
                "<ListMultipartUploadsResult>\(isFirst ? next : "")\(upload)</ListMultipartUploadsResult>")
        }
        let found = try await S3(server.client()).multipartUploads(of: "bucket", prefix: "outputs/a/")
        #expect(found.map(\.key) == ["outputs/a/1", "outputs/a/2"])
        #expect(found.map(\.id) == ["u1", "u2"])
    }

    /// Else the same page would come for ever.
    @Test func aListOfUploadsThatDoesNotGoOnIsAnError() async throws {
        let server = try StrictServer { _, _ in
            .answer(
                200, [:],
                "<R><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
                    + "<NextUploadIdMarker>u</NextUploadIdMarker></R>")
        }
        let error = await #expect(throws: AWSError.self) {
            _ = try await S3(server.client()).multipartUploads(of: "bucket", prefix: "")
        }
        #expect(error?.code == .malformedResponse)
    }

    @Test func cancellingAbortsTheUpload() async throws {
        let parts = Parts()
        let server = try StrictServer { request, _ in
            request.query["partNumber"] == nil ? parts.answer(request) : .stall
        }
        let s3 = S3(try server.client())
        let begun = Locked(false)
        var options = S3.UploadOptions()
        options.parallel = 1
        let task = TestLoop.loop.task { [options] in
            try await s3.upload(
                bucket: "bucket", key: "k", options: Self.quick, options,
                next: Self.source([1, 2, 3]) { given in
                    if given >= 2 * Self.partSize { begun.withLock { $0 = true } }
                })
        }
        while !begun.withLock({ $0 }) { await Task.yield() }
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
        #expect(server.requests.last?.method == "DELETE")
    }
}
