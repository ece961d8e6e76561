import HTTP
import Testing
import Time

@testable import AWSClients

@Suite struct RetryPolicyTests {
    private func error(_ code: String, _ status: Int?) -> AWSError {
        AWSError(code: .init(rawValue: code), message: "", status: status)
    }

    @Test func attemptsAndBasesAreThoseOfTheTable() {
        let dynamoDB = RetryPolicy.standard(for: .dynamoDB)
        #expect(dynamoDB.maximumAttempts == 4)
        #expect(dynamoDB.base == .milliseconds(25))
        for service in [Service.s3, .sns, .sqs] {
            let policy = RetryPolicy.standard(for: service)
            #expect(policy.maximumAttempts == 3)
            #expect(policy.base == .milliseconds(50))
        }
    }

    @Test(
        arguments: [
            (0, .transient, 50), (1, .transient, 100), (2, .transient, 200), (8, .transient, 12_800),
            (9, .transient, 20_000), (90, .transient, 20_000), (0, .throttling, 1_000),
            (4, .throttling, 16_000),
            (5, .throttling, 20_000), (0, .clockSkew, 0),
        ] as [(Int, RetryPolicy.Verdict, Int64)])
    func backsOffByDoublingUpToTwentySeconds(_ retry: Int, _ verdict: RetryPolicy.Verdict, _ ceiling: Int64) {
        let policy = RetryPolicy.standard(for: .s3)
        #expect(policy.delay(retry: retry, verdict: verdict, random: 0, hint: nil) == .zero)
        #expect(
            policy.delay(retry: retry, verdict: verdict, random: 0.5, hint: nil) == .milliseconds(ceiling) / 2
        )
        #expect(policy.delay(retry: retry, verdict: verdict, random: 1, hint: nil) == .milliseconds(ceiling))
    }

    @Test(
        arguments: [(10, 50), (50, 50), (2_000, 2_000), (5_050, 5_050), (60_000, 5_050)] as [(Int64, Int64)])
    func aHintOnlyLengthensAndByFiveSecondsAtMost(_ hint: Int64, _ expected: Int64) {
        let delay = RetryPolicy.standard(for: .s3).delay(
            retry: 0, verdict: .transient, random: 1, hint: .milliseconds(hint))
        #expect(delay == .milliseconds(expected))
    }

    @Test(
        arguments: [
            // Known codes decide, whatever the status.
            ("ThrottlingException", 400, .throttling), ("SlowDown", 503, .throttling),
            ("ProvisionedThroughputExceededException", 400, .throttling),
            ("TransactionInProgressException", 400, .throttling),
            ("PriorRequestNotComplete", 400, .throttling), ("RequestTimeout", 400, .transient),
            ("InternalError", 200, .transient),
            ("ReplicatedWriteConflictException", 400, .transient), ("RequestTimeTooSkewed", 403, .clockSkew),
            ("SignatureDoesNotMatch", 403, .clockSkew), ("InvalidSignatureException", 400, .clockSkew),
            ("ConditionalCheckFailedException", 400, .never), ("ValidationException", 400, .never),
            ("AccessDenied", 403, .never), ("NoSuchKey", 404, .never),
            ("ExpiredToken", 400, .expiredCredentials),
            ("ExpiredTokenException", 400, .expiredCredentials), ("IDPCommunicationError", 400, .transient),
            // Unknown ones leave it to the status.
            ("Whatever", 400, .never), ("Whatever", 401, .never), ("Whatever", 403, .never),
            ("Whatever", 429, .throttling),
            ("Whatever", 500, .transient), ("Whatever", 502, .transient), ("Whatever", 503, .transient),
            ("Whatever", 504, .transient), ("NotImplemented", 501, .never),
            ("comfy.Unknown", 503, .transient),
            ("comfy.Unknown", 200, .transient), ("AccessDenied", 200, .transient),
            ("comfy.MalformedResponse", 200, .transient),
            ("comfy.InvalidInput", nil, .never),
            ("comfy.DeadlineExceeded", nil, .never), ("comfy.NoCredentials", nil, .never),
            ("comfy.Cancelled", nil, .never),
            ("comfy.Transport", nil, .never),
        ] as [(String, Int?, RetryPolicy.Verdict)])
    func theCodeDecidesThenTheStatus(_ code: String, _ status: Int?, _ verdict: RetryPolicy.Verdict) {
        #expect(RetryPolicy.verdict(for: error(code, status)) == verdict)
    }
}
