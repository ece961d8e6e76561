import Crypto
import JSON
import TestSupport
import Testing
import Time

@testable import AWSClients

/// The smaller services. What a test needs and the clients do not have is made by a plain call.
extension MotoTests {
    private static func make(
        _ client: AWSClient, _ service: Service, _ target: String, _ name: String, _ input: JSON
    ) async throws -> JSON {
        try await client.json(Operation(service, name), target: target, input) { $0 }
    }

    @Test func secretsAndParameters() async throws {
        let client = try await Self.client()
        _ = try await Self.make(
            client, .secretsManager, "secretsmanager", "CreateSecret",
            ["Name": "app/key", "SecretString": "päss", "ClientRequestToken": .string(UUID.v4().description)])
        #expect(try await SecretsManager(client).value(of: "app/key") == Secret("päss"))
        let gone = await #expect(throws: AWSError.self) {
            try await SecretsManager(client).value(of: "app/none")
        }
        #expect(gone?.code == .resourceNotFound)

        _ = try await Self.make(
            client, .ssm, "AmazonSSM", "PutParameter",
            ["Name": "/app/urls", "Value": "http://a,http://b", "Type": "SecureString"])
        #expect(try await SSM(client).parameter("/app/urls") == "http://a,http://b")
        let missing = await #expect(throws: AWSError.self) { try await SSM(client).parameter("/app/none") }
        #expect(missing?.code.rawValue == "ParameterNotFound")
    }

    @Test func keysEncryptAndDecrypt() async throws {
        let client = try await Self.client()
        let made = try await Self.make(client, .kms, "TrentService", "CreateKey", [:])
        let key = try #require(made["KeyMetadata"]?["KeyId"]?.string)
        let kms = KMS(client)
        let ciphertext = try await kms.encrypt([1, 2, 3], key: key, context: ["job": "1"])
        #expect(try await kms.decrypt(ciphertext, context: ["job": "1"]) == Secret([1, 2, 3]))
        await #expect(throws: AWSError.self) { try await kms.decrypt(ciphertext, context: ["job": "2"]) }
        let data = try await kms.generateDataKey(key: key)
        #expect(data.plaintext.count == 32)
        #expect(try await kms.decrypt(data.ciphertext) == data.plaintext)
    }

    /// Without signature checking: moto hashes the body after it has unpacked it. `CloudWatchTests` has the signed one.
    @Test func metricsArrive() async throws {
        let environment = try await LocalAWS.sharedWithoutSignatures().environment
        let client = AWSClient(http: TestLoop.http, configuration: try .init(environment: environment))
        try await CloudWatch(client).putMetricData(
            [.init("Depth", .single(4), unit: "Count", dimensions: ["queue": "work"], time: .now)],
            namespace: "MotoTests")
        let listed = try await Self.make(
            client, .cloudWatch, "GraniteServiceVersion20100801", "ListMetrics", ["Namespace": "MotoTests"])
        #expect(
            listed["Metrics"]?[0]?["Dimensions"] == [["Name": "queue", "Value": "work"]], "\(listed.text)")
    }

    /// The local AWS's functions answer with what they were sent.
    @Test func functionsAreInvoked() async throws {
        let lambda = Lambda(try await Self.client())
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:echo"
        #expect(try await lambda.invoke(arn, Array(#"{"a":1}"#.utf8)) == Array(#"{"a":1}"#.utf8))
        try await lambda.invokeAsEvent("echo", Array("{}".utf8))
    }
}
