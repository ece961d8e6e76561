import HTTP
import Testing
import Time

@testable import AWSClients

/// Tue, 14 Nov 2023 22:13:20 GMT
private let start = Timestamp(milliseconds: 1_700_000_000_000)

@Suite struct ClockSkewTests {
    private let received = start + .milliseconds(400)

    @Test func theMidpointOfSentAndReceivedIsComparedWithTheDate() {
        let skew = ClockSkew()
        #expect(skew.observe(["date": "Tue, 14 Nov 2023 22:23:20 GMT"], sent: start, received: received))
        #expect(skew.offset == .milliseconds(600_000 + 500 - 200))
        #expect(skew.observe(["date": "Tue, 14 Nov 2023 22:03:20 GMT"], sent: start, received: received))
        #expect(skew.offset == .milliseconds(-600_000 + 500 - 200))
    }

    @Test(
        arguments: [
            ["date": "Tue, 14 Nov 2023 22:13:21 GMT"], ["date": "Tue, 14 Nov 2023 22:13:18 GMT"],
            ["date": "Tue, 14 Nov 2023 22:23:20 GMT", "age": "600"], ["date": "yesterday"], [:],
        ] as [[String: String]])
    func noiseCachesAndNonsenseAreIgnored(_ fields: [String: String]) {
        var headers: HTTPHeaders = [:]
        for (name, value) in fields { headers[name] = value }
        let skew = ClockSkew()
        #expect(!skew.observe(headers, sent: start, received: received))
        #expect(skew.offset == .zero)
    }

    @Test func aLongExchangeProvesLittle() {
        let skew = ClockSkew()
        // Ten seconds off, but the answer took twenty: it may have been dated at either end.
        #expect(
            !skew.observe(
                ["date": "Tue, 14 Nov 2023 22:13:40 GMT"], sent: start, received: start + .seconds(20)))
    }
}

@Suite struct RetryHintTests {
    @Test(
        arguments: [
            (["x-amz-retry-after": "1500"], 1500), (["retry-after": "3"], 3000),
            (["x-amz-retry-after": "7", "retry-after": "3"], 7),
            (["retry-after": "Tue, 14 Nov 2023 22:13:25 GMT"], 5000),
            (["retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"], 0),
            (["retry-after": "soon"], nil), (["retry-after": "-1"], nil), (["x-amz-retry-after": "1.5"], nil),
            ([:], nil),
        ] as [([String: String], Int64?)])
    func reads(_ fields: [String: String], _ expected: Int64?) {
        var headers: HTTPHeaders = [:]
        for (name, value) in fields { headers[name] = value }
        #expect(RetryHint.read(headers, now: start) == expected.map { .milliseconds($0) })
    }
}
