import Crypto
import JSON
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct SecretsManagerTests {
    @Test func textsAndBytesAreRead() async throws {
        let server = try StrictServer { request, _ in
            request.json["SecretId"] == "text"
                ? .answer(200, [:], #"{"Name":"text","VersionId":"v","SecretString":"p\u00e4ss"}"#)
                : .answer(200, [:], #"{"Name":"bytes","SecretBinary":"AP8="}"#)
        }
        let secrets = SecretsManager(try server.client())
        #expect(try await secrets.value(of: "text") == Secret("päss"))
        #expect(try await secrets.value(of: "bytes") == Secret([0, 255]))
        #expect(try await secrets.value(of: "text") == Secret("päss"))
        #expect(server.requests.count == 2)
        let request = try #require(server.requests.first)
        #expect(request.headers["x-amz-target"] == "secretsmanager.GetSecretValue")
        #expect(request.headers["content-type"] == "application/x-amz-json-1.1")
        #expect(request.json == ["SecretId": "text"])
    }

    @Test(arguments: ["{}", #"{"SecretString":1}"#, #"{"SecretBinary":"?"}"#])
    func anAnswerWithoutASecretIsMalformed(_ answer: String) async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], answer) }
        let secrets = SecretsManager(try server.client())
        let error = await #expect(throws: AWSError.self) { try await secrets.value(of: "a") }
        #expect(error?.code == .malformedResponse)
    }
}
