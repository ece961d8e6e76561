import Testing

@testable import AWSClients

@Suite struct RetryQuotaTests {
    @Test func fiveHundredTokensAreThirtyFiveRetries() {
        let quota = RetryQuota()
        for _ in 0..<35 { #expect(quota.take(for: .transient) == 14) }
        #expect(quota.available == 10)
        #expect(quota.take(for: .transient) == nil)
        #expect(quota.take(for: .throttling) == 5)
        #expect(quota.take(for: .throttling) == 5)
        #expect(quota.take(for: .throttling) == nil)
        quota.giveBack(nil)
        #expect(quota.available == 1)
        quota.giveBack(14)
        #expect(quota.take(for: .transient) == 14)
    }

    @Test func isNeverOverfull() {
        let quota = RetryQuota()
        quota.giveBack(14)
        #expect(quota.available == 500)
    }

    @Test func everyServiceHasItsOwn() {
        let quotas = RetryQuotas()
        _ = quotas[.s3].take(for: .transient)
        #expect(quotas[.s3].available == 486)
        #expect(quotas[.sqs].available == 500)
    }
}
