import HTTP
import Testing

@testable import AWSClients

@Suite struct EndpointTests {
    @Test(arguments: [
        ("us-east-1", "https://dynamodb.us-east-1.amazonaws.com/"),
        ("eu-central-1", "https://dynamodb.eu-central-1.amazonaws.com/"),
        ("cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn/"),
        ("us-gov-west-1", "https://dynamodb.us-gov-west-1.amazonaws.com/"),
        ("us-iso-east-1", "https://dynamodb.us-iso-east-1.c2s.ic.gov/"),
        ("us-isob-east-1", "https://dynamodb.us-isob-east-1.sc2s.sgov.gov/"),
        ("eusc-de-east-1", "https://dynamodb.eusc-de-east-1.amazonaws.eu/"),
    ])
    func followsTheRegionsPartition(_ region: String, _ address: String) throws {
        let endpoint = try AWSClient.Configuration(region: region).endpoint(for: .dynamoDB)
        #expect(endpoint.url.description == address)
        #expect(!endpoint.isCustom)
    }

    @Test(arguments: [
        "", "nowhere", "us-east", "us-east-", "US-EAST-1", "us-east-1.evil.example", "us-east-1/",
        "-us-east-1", "us--1", "ü-east-1",
        "us-east-one", "us-east-1 ",
    ])
    func whatIsNoRegionIsRefused(_ region: String) {
        let error = #expect(throws: AWSError.self) { try AWSClient.Configuration(region: region) }
        #expect(error?.code == .invalidInput)
        #expect(error?.message == "the region is \"\(region)\"; expected one such as us-east-1")
    }

    @Test func theServicesOwnVariableWins() throws {
        let configuration = try AWSClient.Configuration(environment: [
            "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:5000",
            "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000/s3",
        ])
        #expect(try configuration.endpoint(for: .s3).url.description == "http://127.0.0.1:9000/s3")
        #expect(try configuration.endpoint(for: .sqs).url.description == "http://127.0.0.1:5000/")
        #expect(try configuration.endpoint(for: .sqs).isCustom)
    }

    @Test func emptyVariablesAreUnset() throws {
        let configuration = try AWSClient.Configuration(environment: [
            "AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "",
            "AWS_ENDPOINT_URL_S3": "",
            "AWS_MAX_ATTEMPTS": "",
        ])
        #expect(configuration.region == "eu-west-1")
        #expect(try configuration.endpoint(for: .s3).url.description == "https://s3.eu-west-1.amazonaws.com/")
        #expect(configuration.maximumAttempts == nil)
    }

    @Test func configuredAddressesCanBeIgnored() throws {
        let configuration = try AWSClient.Configuration(environment: [
            "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "not an address",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_MAX_ATTEMPTS": "7",
        ])
        #expect(configuration.endpoint == nil)
        #expect(configuration.maximumAttempts == 7)
    }

    @Test(
        arguments: [
            ([:], "AWS_REGION is not set; expected a region such as us-east-1"),
            (["AWS_REGION": "mars"], "AWS_REGION is \"mars\"; expected a region such as us-east-1"),
            (
                ["AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "0"],
                "AWS_MAX_ATTEMPTS is \"0\"; expected a whole number from 1 to 100"
            ),
            (
                ["AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "localhost:5000"],
                "AWS_ENDPOINT_URL is \"localhost:5000\"; expected an http or https address without a query"
            ),
            (
                ["AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_SNS": "ftp://h/"],
                "AWS_ENDPOINT_URL_SNS is \"ftp://h/\"; expected an http or https address without a query"
            ),
        ] as [([String: String], String)])
    func aMalformedVariableIsNamed(_ environment: [String: String], _ message: String) {
        let error = #expect(throws: AWSError.self) { try AWSClient.Configuration(environment: environment) }
        #expect(error?.code == .invalidInput)
        #expect(error?.message == message)
    }
}
