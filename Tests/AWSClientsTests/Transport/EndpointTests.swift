import HTTP
import JSON
import TestSupport
import Testing

@testable import AWSClients

/// What botocore's resolver says for a service in a region; see `Fixtures/endpoints/make.py`.
struct ResolvedEndpoint: Sendable, CustomTestStringConvertible {
    let service: Service
    let region: String
    let fips: Bool
    let dualStack: Bool
    let url: String?
    var testDescription: String {
        "\(service.name) \(region)\(fips ? " FIPS" : "")\(dualStack ? " dual stack" : "")"
    }

    private static let services: [String: Service] = [
        "s3": .s3, "dynamodb": .dynamoDB, "sns": .sns, "sqs": .sqs, "sts": .sts, "cloudwatch": .cloudWatch,
        "secretsmanager": .secretsManager, "ssm": .ssm, "kms": .kms, "lambda": .lambda,
    ]

    static let all: [ResolvedEndpoint] = {
        let json = try? JSON(parsing: (try? Fixtures.bytes("endpoints/endpoints.json")) ?? [])
        return (json?["cases"]?.array ?? []).compactMap { json in
            guard let service = services[json["service"]?.string ?? ""] else { return nil }
            return ResolvedEndpoint(
                service: service, region: json["region"]?.string ?? "", fips: json["fips"]?.bool ?? false,
                dualStack: json["dualStack"]?.bool ?? false, url: json["url"]?.string)
        }
    }()
}

@Suite struct EndpointTests {
    @Test func everyCaseIsThere() { #expect(ResolvedEndpoint.all.count == 10 * 13 * 4 - 1) }

    @Test(arguments: ResolvedEndpoint.all)
    func isTheOneBotocoreResolves(_ expected: ResolvedEndpoint) throws {
        var configuration = try AWSClient.Configuration(region: expected.region)
        configuration.usesFIPS = expected.fips
        configuration.usesDualStack = expected.dualStack
        guard let url = expected.url else {
            let error = #expect(throws: AWSError.self) { try configuration.endpoint(for: expected.service) }
            #expect(error?.message == "there is no FIPS address in the region \"\(expected.region)\"")
            return
        }
        let endpoint = try configuration.endpoint(for: expected.service)
        #expect(endpoint.url.description == url + "/")
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
}
