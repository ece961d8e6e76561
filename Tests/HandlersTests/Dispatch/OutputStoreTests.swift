import AWSClients
import ComfyUI
import HTTP
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct OutputStoreTests {
    /// Nothing is asked for or stored: the names of that many would not fit into the job's item.
    @Test func moreOutputsThanAJobMayHaveAreRefused() async throws {
        let services = try await Deployment.make(on: testLoop).services
        let outputs = OutputStore(s3: services.s3, bucket: services.configuration.bucket, loop: testLoop)
        let client = ComfyUIClient(http: services.http, address: try #require(URL("http://127.0.0.1:9")))
        let count = OutputStore.limit + 1
        let entry = HistoryEntry(
            outcome: .success,
            files: (0..<count).map { OutputFile(nodeID: "9", filename: "\($0).png") })
        do {
            _ = try await outputs.store(entry, of: Sample.submitted(), from: client)
            Issue.record("stored")
        } catch OutputStore.Failure.tooMany(let found) {
            #expect(found == count)
        }
    }

    /// Text needs no worker: it is stored as a file of its own, as an attachment.
    @Test func textBecomesAnObject() async throws {
        let services = try await Deployment.make(on: testLoop).services
        let outputs = OutputStore(s3: services.s3, bucket: services.configuration.bucket, loop: testLoop)
        let client = ComfyUIClient(http: services.http, address: try #require(URL("http://127.0.0.1:9")))
        let entry = HistoryEntry(outcome: .success, texts: [(nodeID: "4", text: "a lighthouse")])
        let stored = try await outputs.store(entry, of: Sample.submitted(), from: client)
        #expect(stored.map(\.kind) == [.text])
        #expect(stored.map(\.bytes) == [12])
        let key = try #require(stored.first?.key)
        let bytes = try await services.s3.get(bucket: services.configuration.bucket, key: key)
        #expect(bytes == Array("a lighthouse".utf8))
    }
}
