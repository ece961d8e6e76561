import Testing

@testable import AWSClients

/// The sequence that the AWS SDKs share for their `adaptive` mode (aws-sdk-ruby has it in
/// gems/aws-sdk-core/spec/aws/plugins/retry_errors_spec.rb); the numbers are what botocore 1.44.5 computes for it
/// (`botocore.retries.adaptive.ClientRateLimiter`, with a clock set to each second in turn).
@Suite struct RateLimiterTests {
    /// Throttled?, at which second, then the measured and the allowed rate.
    private static let mixed: [(Bool, Double, Double, Double)] = [
        (false, 0.2, 0, 0.5), (false, 0.4, 0, 0.5), (false, 0.6, 4.8, 0.5), (false, 0.8, 4.8, 0.5),
        (false, 1.0, 4.16, 0.5), (false, 1.2, 4.16, 0.6912), (false, 1.4, 4.16, 1.0976),
        (false, 1.6, 5.632, 1.6384), (false, 1.8, 5.632, 2.3328), (true, 2.0, 4.3264, 3.0285),
        (false, 2.2, 4.3264, 3.4866), (false, 2.4, 4.3264, 3.8219), (false, 2.6, 5.6653, 4.0534),
        (false, 2.8, 5.6653, 4.2004), (false, 3.0, 4.3331, 4.2820), (true, 3.2, 4.3331, 2.9974),
        (false, 3.4, 4.3331, 3.4522),
    ]

    @Test func theRateFollowsThePublishedCurve() {
        let limiter = RateLimiter(start: .zero)
        for (isThrottled, second, measured, allowed) in Self.mixed {
            limiter.observe(isThrottled: isThrottled, at: .seconds(second))
            #expect(abs(limiter.measuredRate - measured) < 0.0001, "measured at \(second)")
            #expect(abs(limiter.rate - allowed) < 0.0001, "allowed at \(second)")
        }
    }

    @Test func nothingWaitsBeforeTheFirstThrottling() {
        let limiter = RateLimiter(start: .zero)
        limiter.observe(isThrottled: false, at: .seconds(1))
        for _ in 0..<100 { #expect(limiter.acquire(at: .seconds(1)) == nil) }
    }

    @Test func afterwardsTheTokensComeAtTheRate() {
        let limiter = RateLimiter(start: .zero)
        // Ten in a second, then a throttling: 11 / 1 s × 0.8 = 8.8 measured, of which 0.7 may go.
        for _ in 0..<10 { limiter.observe(isThrottled: false, at: .milliseconds(400)) }
        limiter.observe(isThrottled: true, at: .seconds(1))
        #expect(abs(limiter.rate - 6.16) < 0.001)
        // Half a token had come by then; botocore waits 0.0811688311… s for the other half.
        let wait = Duration.nanoseconds(81_168_832)
        #expect(limiter.acquire(at: .seconds(1)) == wait)
        #expect(limiter.acquire(at: .seconds(1) + wait) == nil)
        #expect(limiter.acquire(at: .seconds(1) + wait) != nil)
        // It holds one second's worth at most.
        let later = Duration.seconds(100)
        for _ in 0..<6 { #expect(limiter.acquire(at: later) == nil) }
        #expect(limiter.acquire(at: later) != nil)
    }
}
