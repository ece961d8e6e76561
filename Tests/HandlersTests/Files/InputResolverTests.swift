import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Testing
import Time

@testable import Handlers

/// What a workflow may load, looked up when it is submitted.
@Suite(.timeLimit(.minutes(1))) struct InputResolverTests {
    private func execute(_ stack: LocalStack, _ image: String, _ route: String = "execute") async
        -> APIBench.Answer
    {
        await stack.bench.post(
            "/v1/workflows/\(route)", #"{"workflow":\#(SamplePicture.workflow(image))}"#)
    }

    private func upload(_ stack: LocalStack, of user: String = "local") async throws -> StoredFile {
        let store = FileStore(stack.services)
        let file = try await store.create(
            name: "a.png", type: .png, bytes: SamplePicture.png.count, of: user, at: stack.services.now)
        try await stack.services.s3.put(
            SamplePicture.png, bucket: stack.services.configuration.bucket, key: file.key)
        return file
    }

    @Test func aFileIsLookedUpAsItsUser() async throws {
        let stack = try await LocalStack.start()
        let own = try await upload(stack)
        #expect(await execute(stack, "file:\(own.id)").status == 202)
        // The reference was what looked at the upload.
        let known = try await FileStore(stack.services).known(own.id, of: "local", at: stack.services.now)
        #expect(known?.state != .pending)
        let foreign = try await upload(stack, of: "mallory")
        #expect(await execute(stack, "file:\(foreign.id)").faults == ["file_not_found"])
        let pending = try await FileStore(stack.services).create(
            name: "a.png", type: .png, bytes: 9, of: "local", at: stack.services.now)
        #expect(await execute(stack, "file:\(pending.id)").faults == ["file_not_uploaded"])
    }

    @Test(arguments: [
        ("file:nothing", "file_not_uploaded"), ("file:../../etc/passwd", "climbing_path"),
        ("example.png", "file_not_uploaded"), ("a.png [output]", "annotated_name"),
        ("http://example.com/a.png", "address_not_allowed"),
        ("https://169.254.169.254/a.png", "address_not_allowed"),
        ("https://[::ffff:10.0.0.1]/a.png", "address_not_allowed"),
        ("https://2130706433/a.png", "address_not_allowed"), ("data:image/png;base64,AAAA", "not_a_picture"),
        ("data:,x", "bad_data_uri"), ("ftp://example.com/a.png", "file_not_uploaded"),
    ])
    func whatMayNotBeLoadedIsRefused(_ image: String, _ code: String) async throws {
        let stack = try await LocalStack.start()
        let answer = await execute(stack, image)
        #expect(answer.status == 400)
        #expect(answer.faults == [code])
        #expect(try await stack.remains() == LocalStack.Remains())
    }

    @Test func anAddressIsKeptAsItIs() async throws {
        let stack = try await LocalStack.start()
        let answer = await execute(stack, "https://example.com/a.png?x=1")
        #expect(answer.status == 202)
        let id = try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
        let graph = try #require(try await stack.services.documents.workflow(id))
        #expect(graph["1"]?.inputs["image"] == "https://example.com/a.png?x=1")
    }

    /// Longer than any text of a workflow may be, and not kept in the job's own documents.
    @Test func dataBecomesAFile() async throws {
        let stack = try await LocalStack.start()
        let data = SamplePicture.png + [UInt8](repeating: 0, count: 20_000)
        let uri = "data:image/png;base64,\(Base64.encode(data))"
        let checked = await execute(stack, uri, "validate")
        #expect(checked.json?["valid"] == true)
        #expect(try await stack.remains() == LocalStack.Remains())

        let answer = await execute(stack, uri)
        #expect(answer.status == 202)
        let id = try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
        let graph = try #require(try await stack.services.documents.workflow(id))
        let name = try #require(graph["1"]?.inputs["image"]?.string)
        guard case .file(let file) = InputReference(name) else { throw TestFailure("no file: \(name)") }
        let store = FileStore(stack.services)
        let known = try #require(try await store.known(file, of: "local", at: stack.services.now))
        #expect(try await store.body(of: known)?.collect(limit: 100_000) == data)
        // As long as the job may need it: two hours in the queue, three attempts of ten minutes, an hour more.
        let lasts = known.expiresAt - known.createdAt
        #expect(lasts > .seconds(12_000) && lasts <= .seconds(12_700))
    }

    /// One fault an input: that a refused picture is long as well is not told.
    @Test func dataThatIsNoPictureIsOneFault() async throws {
        let stack = try await LocalStack.start()
        let uri = "data:image/png;base64,\(Base64.encode([UInt8](repeating: 1, count: 20_000)))"
        #expect(await execute(stack, uri).faults == ["not_a_picture"])
        let two =
            #"{"workflow":{"1":{"class_type":"LoadImage","inputs":{"image":"data:,a"}},"#
            + #""2":{"class_type":"LoadImageMask","inputs":{"image":"data:,a","channel":"red"}},"#
            + #""3":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"t"}}}}"#
        #expect(
            await stack.bench.post("/v1/workflows/execute", two).faults == ["bad_data_uri", "bad_data_uri"])
    }
}
