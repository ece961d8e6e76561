import HTTP
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite struct ConfigurationTests {
    static let required = [
        "TABLE_NAME": "jobs", "BUCKET_NAME": "pictures",
        "TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:done",
        "WORK_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/work",
        "RESUME_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/resume",
    ]

    @Test func defaultsAreTheDocumentedOnes() throws {
        let configuration = try Configuration(environment: Self.required)
        #expect(configuration.access.mode == .both)
        #expect(configuration.workers.isEmpty)
        #expect(configuration.workerDefaults.slots == 1)
        #expect(configuration.maximumNodes == 100)
        #expect(configuration.maximumImagePixels == 1_048_576)
        #expect(configuration.maximumBodyBytes == 4_194_304)
        #expect(configuration.maximumConcurrentExecutions == 3)
        #expect(configuration.dispatchConcurrency == 10)
        #expect(configuration.handOffMargin == .seconds(20))
        #expect(configuration.policy == JobPolicy())
        #expect(configuration.maximumQueueTime == .seconds(7200))
        #expect(configuration.urlLifetime == .seconds(3600))
        #expect(configuration.webhookHosts.isEmpty)
    }

    @Test func listsAreTrimmedAndEmptyMeansUnset() throws {
        var environment = Self.required
        environment["COMFYUI_URLS"] = " http://10.0.0.1:8188 ,https://gpu.example.com/comfy,"
        environment["COMFYUI_LABELS"] = "a100, eu"
        environment["COMFYUI_SLOTS"] = ""
        let configuration = try Configuration(environment: environment)
        #expect(
            configuration.workers.map(\.address.description) == [
                "http://10.0.0.1:8188/", "https://gpu.example.com/comfy",
            ])
        #expect(configuration.workerDefaults.labels == ["a100", "eu"])
        #expect(configuration.workerDefaults.slots == 1)
    }

    @Test(arguments: required.keys.sorted())
    func aMissingVariableIsNamed(_ name: String) {
        var environment = Self.required
        environment[name] = ""
        #expect {
            try Configuration(environment: environment)
        } throws: { error in
            (error as? Configuration.Invalid)?.variable == name
                && "\(error)".hasPrefix("\(name) is not set; expected ")
        }
    }

    @Test(arguments: [
        ("COMFYUI_URLS", "ftp://x", "a comma-separated list of http:// or https:// addresses"),
        ("COMFYUI_SLOTS", "0", "a whole number from 1 to 16"),
        ("COMFYUI_SLOTS", "two", "a whole number from 1 to 16"),
        ("AUTH_MODE", "open", "none, api_key, jwt or both"),
        ("LEASE_SECONDS", "1", "a whole number from 2 to 600"),
        ("OUTPUT_BASE_URL", "pictures", "an http:// or https:// address"),
    ])
    func aMalformedVariableSaysWhatWasFoundAndWhatIsExpected(
        _ name: String, _ value: String, _ expected: String
    ) {
        var environment = Self.required
        environment[name] = value
        #expect {
            try Configuration(environment: environment)
        } throws: {
            "\($0)" == "\(name) is '\(value)'; expected \(expected)"
        }
    }
}
