import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import LocalServer
import TestSupport
import Testing
import Time

@testable import Handlers

/// Pictures that a workflow loads, on their way to the worker.
@Suite(.timeLimit(.minutes(2))) struct InputTransferTests {
    private func run(_ bench: DispatchBench, _ image: String) async throws -> Job {
        let workflow = try JSON(parsing: SamplePicture.workflow(image))
        let queued = try await bench.deployment.submit(user: "alice", workflow: workflow)
        return try await bench.dispatchToTheEnd(queued.id)
    }

    private func upload(_ bench: DispatchBench, of user: String = "alice") async throws -> StoredFile {
        let services = bench.deployment.services
        let store = FileStore(services)
        let file = try await store.create(
            name: "a.png", type: .png, bytes: SamplePicture.png.count, of: user, at: services.now)
        try await services.s3.put(
            SamplePicture.png, bucket: services.configuration.bucket, key: file.key)
        return try #require(try await store.file(file.id, of: user, at: services.now))
    }

    @Test func aFileIsLoaded() async throws {
        let bench = try await DispatchBench()
        let file = try await upload(bench)
        let job = try await run(bench, "file:\(file.id)")
        #expect(job.state == .completed)
        #expect(job.outputs.map { "\($0.width ?? 0)x\($0.height ?? 0)" } == ["24x16"])
    }

    @Test func aFileThatIsGoneOrAnotherOnesFailsTheJob() async throws {
        let bench = try await DispatchBench()
        let services = bench.deployment.services
        let store = FileStore(services)
        let deleted = try await upload(bench)
        try await store.delete(deleted)
        let replaced = try await upload(bench)
        try await services.s3.put(
            SamplePicture.webp, bucket: services.configuration.bucket, key: replaced.key)
        let foreign = try await upload(bench, of: "mallory")
        for file in [deleted, replaced, foreign] {
            let job = try await run(bench, "file:\(file.id)")
            #expect(job.state == .failed)
            #expect(job.failure?.code == .workflowRejected)
            #expect(job.failure?.message == "The picture for 'image' of node 1 is no longer there.")
            #expect(job.failure?.details?["errors"]?[0]?["code"] == "input_unavailable")
        }
    }

    /// A user's server: `/a.png` is a picture, `/to/…` leads elsewhere.
    private func server() throws -> HTTPServer {
        try HTTPServer(on: testLoop) { request in
            switch request.path {
            case "/a.png": ServerResponse(status: 200, headers: [:], body: SamplePicture.png)
            case "/text": ServerResponse(status: 200, headers: [:], body: Array("words".utf8))
            case "/once": ServerResponse(status: 302, headers: ["Location": "/a.png"], body: [])
            case "/inside":
                ServerResponse(status: 302, headers: ["Location": "http://127.0.0.1:1/"], body: [])
            case "/large":
                ServerResponse(
                    status: 200, headers: [:],
                    body: SamplePicture.png
                        + [UInt8](repeating: 0, count: InputTransfer.maximumFetchBytes))
            default: ServerResponse(status: 404, headers: [:], body: SamplePicture.png)
            }
        }
    }

    @Test(arguments: ["/a.png", "/once"])
    func anAddressIsFetched(_ path: String) async throws {
        let server = try server()
        defer { server.stop() }
        let host = "http://127.0.0.1:\(server.port)"
        let bench = try await DispatchBench([], ["TRUSTED_HOSTS": host])
        let job = try await run(bench, host + path)
        #expect(job.state == .completed)
        #expect(job.outputs.map { "\($0.width ?? 0)x\($0.height ?? 0)" } == ["24x16"])
    }

    @Test(arguments: [
        ("/missing", "was answered with status 404"), ("/text", "is no PNG, JPEG or WebP"),
        ("/inside", "is at no https address of the public internet"),
        ("/large", "has more than 33554432 bytes"),
    ])
    func whatCannotBeFetchedFailsTheJob(_ path: String, _ reason: String) async throws {
        let server = try server()
        defer { server.stop() }
        let host = "http://127.0.0.1:\(server.port)"
        let bench = try await DispatchBench([], ["TRUSTED_HOSTS": host])
        let job = try await run(bench, host + path)
        #expect(job.state == .failed)
        #expect(job.failure?.code == .workflowRejected)
        #expect(job.failure?.message == "The picture for 'image' of node 1 \(reason).")
        #expect(job.attempts.isEmpty, "no prompt was sent")
    }
}
