import Testing

@testable import Handlers

/// When an environment writes what it has counted.
@Suite struct MetricTalliesTests {
    private let tallies = MetricTallies(interval: .seconds(10))
    private let start = ContinuousClock.now
    private let series = MetricSeries(family: "api_requests_total", values: ["GET", "/health", "200"])

    private func count() { tallies.count(.requests, "GET", "/health", "200") }

    @Test func whatIsCountedFirstIsWrittenAtOnce() {
        count()
        #expect(tallies.takeDue(at: start) == [series: MetricTally(count: 1)])
        #expect(tallies.takeDue(at: start + .seconds(60)).isEmpty)
    }

    @Test func whatComesSoonAfterWaitsForTheInterval() {
        count()
        _ = tallies.takeDue(at: start)
        count()
        count()
        #expect(tallies.takeDue(at: start + .milliseconds(9999)).isEmpty)
        #expect(tallies.takeDue(at: start + .seconds(10)) == [series: MetricTally(count: 2)])
    }

    @Test func anEmptyFlushDelaysNothing() {
        #expect(tallies.takeDue(at: start).isEmpty)
        count()
        #expect(tallies.takeDue(at: start + .seconds(1)).count == 1)
    }

    @Test func whatCouldNotBeWrittenIsAddedToWhatCameSince() {
        count()
        let due = tallies.takeDue(at: start)
        count()
        tallies.putBack(due)
        #expect(tallies.takeDue(at: start + .seconds(10)) == [series: MetricTally(count: 2)])
    }

    @Test func withoutAnIntervalNothingIsCounted() {
        let off = MetricTallies(interval: .zero)
        off.count(.requests, "GET", "/health", "200")
        #expect(off.takeDue().isEmpty)
    }

    @Test func aValueStandsInTheLowestBucketThatHoldsIt() {
        var tally = MetricTally()
        for value in [0.01, 0.0100001, 10, 10.5, -3, .nan] { tally.observe(value, in: .requestDuration) }
        #expect(tally.count == 6)
        #expect(tally.buckets == [0: 3, 1: 1, 12: 1])
        #expect(tally.sum == 10_000 + 10_000 + 10_000_000 + 10_500_000)
    }

    @Test func theBoundsAreNumbersInOrder() {
        for family in MetricFamily.all {
            #expect(family.limits.count == family.bounds.count)
            #expect(family.limits == family.limits.sorted())
        }
    }
}
