@testable import LambdaRuntime
import Testing

@Suite struct LambdaEventTests {
    /// Which samples are of a kind that is taken here; every other is to be refused.
    private static let kinds: [String: String] = [
        "lambda-go/alb-lambda-target-request-headers-only.json": "applicationLoadBalancer",
        "lambda-go/alb-lambda-target-request-multivalue-headers.json": "applicationLoadBalancerMultiValue",
        "lambda-go/apigw-request.json": "restAPI",
        "lambda-go/apigw-restapi-openapi-request.json": "restAPI",
        "lambda-go/apigw-v2-request-iam.json": "httpAPI",
        "lambda-go/apigw-v2-request-jwt-authorizer.json": "httpAPI",
        "lambda-go/apigw-v2-request-lambda-authorizer.json": "httpAPI",
        "lambda-go/apigw-v2-request-no-authorizer.json": "httpAPI",
        "lambda-go/cloudwatch-alarm-sns-payload-multiple-metrics.json": "sns",
        "lambda-go/cloudwatch-alarm-sns-payload-single-metric.json": "sns",
        "lambda-go/lambda-urls-request.json": "functionURL",
        "lambda-go/sns-event.json": "sns",
        "lambda-go/sqs-event.json": "sqs",
        "sam/alb/ALBRequest.json": "applicationLoadBalancer",
        "sam/apigateway/AwsProxy.json": "restAPI",
        "sam/apigateway/HttpApi.json": "httpAPI",
        "sam/cloudwatch/ScheduledEvent.json": "scheduled",
        "sam/sns/Sns.json": "sns",
        "sam/sqs/Sqs.json": "sqs",
    ]

    @Test(arguments: try Samples.all("lambda-go") + Samples.all("sam"))
    func `every sample is what it is, or refused`(name: String) throws {
        let bytes = try Samples.bytes(name)
        guard let kind = Self.kinds[name] else {
            let error = #expect(throws: EventDecodingError.self) { try LambdaEvent(decoding: bytes) }
            let isNoJSON = name == "lambda-go/dynamodb-event-malformed.2.json"
            #expect(error?.kind == (isNoJSON ? .notJSON : .unknownShape))
            #expect(error?.description.isEmpty == false)
            #expect(error?.httpFormat == nil)
            return
        }
        switch try LambdaEvent(decoding: bytes) {
        case .http(let request): #expect(request.format.rawValue == kind)
        case .sqs: #expect(kind == "sqs")
        case .sns: #expect(kind == "sns")
        case .scheduled: #expect(kind == "scheduled")
        }
    }

    @Test func `no sample that is to be decoded is missing`() throws {
        let names = Set(try Samples.all("lambda-go") + Samples.all("sam"))
        #expect(Self.kinds.keys.allSatisfy { names.contains($0) })
        #expect(names.count == 171)
    }

    @Test(arguments: [
        ("", EventDecodingError.Kind.notJSON, "the event is no JSON: unexpected end at byte 0"),
        ("{\"Records\":[{\"eventSou", .notJSON, "the event is no JSON: unterminated string at byte 13"),
        ("null", .unknownShape, "neither an HTTP request nor records nor a scheduled event"),
        ("[]", .unknownShape, "neither an HTTP request nor records nor a scheduled event"),
        ("{\"test\":1}", .unknownShape, "neither an HTTP request nor records nor a scheduled event"),
        ("{\"Records\":[]}", .unknownShape, "records of 'nothing'; expected aws:sqs or aws:sns"),
        ("{\"Records\":[1]}", .unknownShape, "records of 'nothing'; expected aws:sqs or aws:sns"),
        (
            "{\"Records\":[{\"eventSource\":\"aws:s3\"}]}", .unknownShape,
            "records of 'aws:s3'; expected aws:sqs or aws:sns"
        ),
        ("{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}", .missing, "'Records[0].messageId' is missing"),
        (
            "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"1\",\"body\":{}}]}", .wrongType,
            "'Records[0].body' is not a string"
        ),
        (
            "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"1\",\"body\":\"\"},7]}", .wrongType,
            "'Records[1]' is not an object"
        ),
        ("{\"Records\":[{\"EventSource\":\"aws:sns\"}]}", .missing, "'Records[0].Sns.MessageId' is missing"),
        ("{\"detail-type\":\"Scheduled Event\"}", .missing, "'id' is missing"),
        (
            "{\"detail-type\":\"ECR Image Action\",\"id\":\"1\"}", .unknownShape,
            "an EventBridge event 'ECR Image Action'; expected 'Scheduled Event'"
        ),
    ])
    func `a fault is named`(text: String, kind: EventDecodingError.Kind, description: String) {
        let error = #expect(throws: EventDecodingError.self) { try LambdaEvent(decoding: Array(text.utf8)) }
        #expect(error == EventDecodingError(kind: kind, description: description))
    }
}
