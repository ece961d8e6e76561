import AWSClients
import ComfyUI
import Crypto
import JSON
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct JobDocumentsTests {
    /// Text that gzip cannot make small, in as many nodes as hold it.
    private static let large: JSON = {
        var nodes: JSON.Object = [:]
        for id in 1...20 {
            let text = (0..<100).map { SHA256.hash(Array("\(id) \($0)".utf8)) }.map(Hex.encode).joined()
            nodes["\(id)"] = ["class_type": "CLIPTextEncode", "inputs": ["text": .string(text)]]
        }
        return .object(nodes)
    }()

    @Test(arguments: [Deployment.workflow, large])
    func aWorkflowComesBackAsItWas(_ workflow: JSON) async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let job = try await deployment.submit(workflow: workflow)
        let graph = try #require(try await deployment.services.documents.workflow(job.id))
        #expect(graph.nodes.count == workflow.object?.count)
    }

    /// A bucket's life cycle rule may be stricter than the table's: the job fails, it is not tried for ever.
    @Test func aLargeWorkflowThatLeftTheBucketIsGone() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let services = deployment.services
        let job = try await deployment.submit(workflow: Self.large)
        try await services.s3.delete(
            bucket: services.configuration.bucket, key: OutputKey.workflow(user: job.user, job: job.id))
        #expect(try await services.documents.workflow(job.id) == nil)
    }

    /// A job, its parts and what they note of themselves stand in one partition.
    @Test func aPartsDocumentsAreItsOwn() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let documents = deployment.services.documents
        let expires = deployment.services.now + .seconds(60)
        let ids = [Sample.id, Job.ID(Sample.id.uuid, part: 0), Job.ID(Sample.id.uuid, part: 1)]
        for (number, id) in ids.enumerated() {
            var output = Sample.output
            output.index = number
            try await documents.store(
                progress: ["percent": .number(number)], of: 1, for: id, expires: expires)
            try await documents.store(outputs: [.v4(): output], of: 1, for: id, expires: expires)
        }
        for (number, id) in ids.enumerated() {
            #expect(try await documents.progress(id, attempt: 1) == ["percent": .number(number)])
            #expect(try await documents.storedOutputs(of: id, attempt: 1).values.map(\.index) == [number])
        }
    }
}
