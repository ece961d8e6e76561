import JSON
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct SSMTests {
    @Test func aParameterIsDecryptedAndKept() async throws {
        let server = try StrictServer { _, _ in
            .answer(200, [:], #"{"Parameter":{"Name":"/a","Type":"SecureString","Value":"v","Version":3}}"#)
        }
        let ssm = SSM(try server.client())
        #expect(try await ssm.parameter("/a") == "v")
        #expect(try await ssm.parameter("/a") == "v")
        #expect(server.requests.count == 1)
        #expect(server.requests[0].headers["x-amz-target"] == "AmazonSSM.GetParameter")
        #expect(server.requests[0].headers["content-type"] == "application/x-amz-json-1.1")
        #expect(server.requests[0].json == ["Name": "/a", "WithDecryption": true])
    }

    @Test func aMissingParameterIsAnError() async throws {
        let server = try StrictServer { _, _ in .answer(400, [:], #"{"__type":"ParameterNotFound"}"#) }
        let ssm = SSM(try server.client())
        let error = await #expect(throws: AWSError.self) { try await ssm.parameter("/none") }
        #expect(error?.code.rawValue == "ParameterNotFound")
    }
}
