import HTTP
import TestSupport
import Testing

@testable import AWSClients

@Suite struct ConfigurationTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func configuration(
        _ environment: [String: String], file: String = ""
    ) throws -> AWSClient.Configuration {
        let path = try folder.write("config", Array(file.utf8))
        let files = ["AWS_CONFIG_FILE": path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]
        return try AWSClient.Configuration(
            environment: ["AWS_REGION": "us-east-1"].merging(files) { $1 }.merging(environment) { $1 })
    }

    private static let file = """
        [default]
        endpoint_url = http://profile.example
        services = local
        [services local]
        s3 =
          endpoint_url = http://profile-s3.example/base
          signature_version = s3v4
        secrets_manager =
        \tendpoint_url = http://profile-secrets.example
        [services other]
        sqs =
          endpoint_url = http://never.example
        """

    /// Each row takes away the winner of the row before.
    @Test func endpointsHaveAPrecedence() throws {
        var environment = [
            "AWS_ENDPOINT_URL_S3": "http://variable-s3.example",
            "AWS_ENDPOINT_URL": "http://variable.example",
        ]
        var configuration = try configuration(environment, file: Self.file)
        configuration.endpoint = URL("http://code.example")
        configuration.endpoints["S3"] = URL("http://code-s3.example")
        #expect(try configuration.endpoint(for: .s3).url.description == "http://code-s3.example/")
        configuration.endpoints = [:]
        #expect(try configuration.endpoint(for: .s3).url.description == "http://code.example/")
        configuration.endpoint = nil
        #expect(try configuration.endpoint(for: .s3).url.description == "http://variable-s3.example/")
        environment["AWS_ENDPOINT_URL_S3"] = ""
        configuration = try self.configuration(environment, file: Self.file)
        #expect(try configuration.endpoint(for: .s3).url.description == "http://variable.example/")
        environment["AWS_ENDPOINT_URL"] = nil
        configuration = try self.configuration(environment, file: Self.file)
        #expect(try configuration.endpoint(for: .s3).url.description == "http://profile-s3.example/base")
        #expect(
            try configuration.endpoint(for: .secretsManager).url.description
                == "http://profile-secrets.example/")
        #expect(try configuration.endpoint(for: .sqs).url.description == "http://profile.example/")
        #expect(try configuration.endpoint(for: .sqs).isCustom)
        configuration = try self.configuration(environment)
        #expect(try configuration.endpoint(for: .s3).url.description == "https://s3.us-east-1.amazonaws.com/")
    }

    @Test(arguments: [
        (["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], ""),
        ([:], "\n[default]\nignore_configured_endpoint_urls = True"),
    ])
    func configuredAddressesCanBeIgnored(_ environment: [String: String], _ more: String) throws {
        let all = environment.merging(["AWS_ENDPOINT_URL": "not an address"]) { $1 }
        let configuration = try configuration(all, file: Self.file + more)
        #expect(!(try configuration.endpoint(for: .s3).isCustom))
    }

    @Test func emptyVariablesAreUnset() throws {
        let configuration = try configuration([
            "AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "",
            "AWS_ENDPOINT_URL_S3": "", "AWS_MAX_ATTEMPTS": "", "AWS_RETRY_MODE": "",
            "AWS_USE_FIPS_ENDPOINT": "", "AWS_USE_DUALSTACK_ENDPOINT": "",
        ])
        #expect(configuration.region == "eu-west-1")
        #expect(try configuration.endpoint(for: .s3).url.description == "https://s3.eu-west-1.amazonaws.com/")
        #expect(configuration.maximumAttempts == nil)
        #expect(configuration.retryMode == .standard)
    }

    private static let settings = """
        [profile work]
        region = eu-west-3
        retry_mode = adaptive
        max_attempts = 9
        use_fips_endpoint = true
        use_dualstack_endpoint = true
        """

    @Test func theProfileSaysWhatNoVariableDoes() throws {
        let configuration = try configuration(
            ["AWS_REGION": "", "AWS_PROFILE": "work"], file: Self.settings)
        #expect(configuration.region == "eu-west-3")
        #expect(configuration.retryMode == .adaptive)
        #expect(configuration.maximumAttempts == 9)
        #expect(
            try configuration.endpoint(for: .kms).url.description == "https://kms-fips.eu-west-3.api.aws/")
    }

    @Test func variablesGoBeforeTheProfile() throws {
        let configuration = try configuration(
            [
                "AWS_PROFILE": "work", "AWS_RETRY_MODE": "OFF", "AWS_MAX_ATTEMPTS": "7",
                "AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "false",
            ], file: Self.settings)
        #expect(configuration.region == "us-east-1")
        #expect(configuration.retryMode == .off)
        #expect(configuration.maximumAttempts == 7)
        #expect(
            try configuration.endpoint(for: .kms).url.description == "https://kms.us-east-1.amazonaws.com/")
    }

    @Test func aConfiguredAddressHasNoFIPSHost() throws {
        let configuration = try configuration([
            "AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL": "http://127.0.0.1:5000",
        ])
        let error = #expect(throws: AWSError.self) { try configuration.endpoint(for: .s3) }
        #expect(error?.code == .invalidInput)
        #expect(
            error?.message
                == "http://127.0.0.1:5000/ is configured; a FIPS or dual-stack host cannot be asked for too")
    }

    @Test(
        arguments: [
            (["AWS_REGION": ""], "AWS_REGION is not set; expected a region such as us-east-1"),
            (["AWS_REGION": "mars"], "AWS_REGION is \"mars\"; expected a region such as us-east-1"),
            (["AWS_MAX_ATTEMPTS": "0"], "AWS_MAX_ATTEMPTS is \"0\"; expected a whole number from 1 to 100"),
            (
                ["AWS_RETRY_MODE": "legacy"],
                "AWS_RETRY_MODE is \"legacy\"; expected standard, adaptive or off"
            ),
            (["AWS_USE_FIPS_ENDPOINT": "yes"], "AWS_USE_FIPS_ENDPOINT is \"yes\"; expected true or false"),
            (
                ["AWS_ENDPOINT_URL": "localhost:5000"],
                "AWS_ENDPOINT_URL is \"localhost:5000\"; expected an http or https address without a query"
            ),
            (
                ["AWS_ENDPOINT_URL_SNS": "ftp://h/"],
                "AWS_ENDPOINT_URL_SNS is \"ftp://h/\"; expected an http or https address without a query"
            ),
            (
                ["AWS_PROFILE": "bad"],
                "endpoint_url of profile bad is \"no\"; expected an http or https address without a query"
            ),
        ] as [([String: String], String)])
    func aMalformedSettingIsNamed(_ environment: [String: String], _ message: String) {
        let error = #expect(throws: AWSError.self) {
            try configuration(environment, file: "[profile bad]\nendpoint_url = no\n")
        }
        #expect(error?.code == .invalidInput)
        #expect(error?.message == message)
    }
}
