import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing
import Time

@testable import AWSClients
@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct ConfigurationSourceTests {
    private static func aws(_ clock: AWSClient.Clock? = nil) async throws -> AWSClient {
        AWSClient(
            http: HTTPClient(loop: testLoop),
            configuration: try .init(environment: try await LocalAWS.shared().environment), clock: clock)
    }

    private static func put(_ name: String, _ value: String) async throws {
        try await aws().json(
            Operation(.ssm, "PutParameter"), target: "AmazonSSM",
            ["Name": .string(name), "Value": .string(value), "Type": "SecureString", "Overwrite": true]
        ) { _ in }
    }

    @Test func valuesAreFetchedWhereTheyAreReferredTo() async throws {
        try await Self.put("/source/urls", "http://10.0.0.1:8188,http://10.0.0.2:8188")
        let created = try await Self.aws().json(
            Operation(.secretsManager, "CreateSecret"), target: "secretsmanager",
            [
                "Name": "source/labels", "SecretString": "a100",
                "ClientRequestToken": .string(UUID.v4().description),
            ]
        ) { $0 }
        let arn = try #require(created["ARN"]?.string)
        let environment = ConfigurationTests.required.merging([
            "COMFYUI_URLS": "ssm:/source/urls", "COMFYUI_LABELS": "secret:\(arn)",
            "AWS_PROFILE": "ssm:/not/ours",
        ]) { $1 }
        let source = ConfigurationSource(environment, aws: try await Self.aws())
        let values = try await source.values()
        let configuration = try source.configuration(values)
        #expect(source.hasReferences)
        #expect(configuration.workers.map(\.address.host) == ["10.0.0.1", "10.0.0.2"])
        #expect(configuration.workerDefaults.labels == ["a100"])
        #expect(values["AWS_PROFILE"] == "ssm:/not/ours")
    }

    @Test func whatCannotBeReadIsNamed() async throws {
        let environment = ConfigurationTests.required.merging(["COMFYUI_URLS": "ssm:/source/none"]) { $1 }
        let source = ConfigurationSource(environment, aws: try await Self.aws())
        let error = await #expect(throws: Configuration.Invalid.self) { try await source.values() }
        #expect(error?.variable == "COMFYUI_URLS")
        #expect(error?.found == "ssm:/source/none")
        #expect(
            error?.expected.hasPrefix("a value that can be read: SSM GetParameter failed: ParameterNotFound")
                == true)
    }

    @Test func aFaultInASecretDoesNotShowIt() async throws {
        try await Self.put("/source/bad", "ftp://user:password@x")
        let environment = ConfigurationTests.required.merging(["COMFYUI_URLS": "ssm:/source/bad"]) { $1 }
        let source = ConfigurationSource(environment, aws: try await Self.aws())
        let values = try await source.values()
        let error = #expect(throws: Configuration.Invalid.self) { try source.configuration(values) }
        #expect(
            error?.description
                == "COMFYUI_URLS is 'ssm:/source/bad'; expected a comma-separated list of http:// or https:// addresses"
        )
    }

    @Test func anInitErrorNamesTheVariable() async throws {
        var environment = try await LocalAWS.shared().environment
        environment.merge(ConfigurationTests.required) { $1 }
        environment["COMFYUI_URLS"] = "ssm:/source/none"
        let error = await #expect(throws: FunctionError.self) {
            try await HandlerName.makeHandler(named: "api", on: testLoop, environment: environment)
        }
        #expect(error?.type == "Runtime.InvalidConfiguration")
        #expect(error?.message.hasPrefix("COMFYUI_URLS is 'ssm:/source/none'; expected a value") == true)
    }
}
