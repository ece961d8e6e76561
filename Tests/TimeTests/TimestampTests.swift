import Testing
import Time

@Suite struct TimestampTests {
    @Test func `seconds round down`() {
        #expect(Timestamp(milliseconds: 1999).seconds == 1)
        #expect(Timestamp(milliseconds: 0).seconds == 0)
        #expect(Timestamp(milliseconds: -1).seconds == -1)
        #expect(Timestamp(milliseconds: -1000).seconds == -1)
        #expect(Timestamp(milliseconds: .min).seconds == -9_223_372_036_854_776)
    }

    @Test func `durations are added and taken away, and saturate`() {
        let moment = Timestamp(milliseconds: 1000)
        #expect((moment + .milliseconds(250)).milliseconds == 1250)
        #expect((moment - .seconds(2)).milliseconds == -1000)
        #expect(moment - Timestamp(milliseconds: 3500) == .milliseconds(-2500))
        #expect(Timestamp(milliseconds: .max) + .seconds(1) == Timestamp(milliseconds: .max))
        #expect(Timestamp(milliseconds: .min) - .seconds(1) == Timestamp(milliseconds: .min))
        #expect(moment + .seconds(Int64.max) == Timestamp(milliseconds: .max))
        #expect(
            Timestamp(milliseconds: .max) - Timestamp(milliseconds: .min) == .milliseconds(Int64.max))
        #expect(Timestamp(milliseconds: 1) < Timestamp(milliseconds: 2))
    }

    @Test func `a duration's milliseconds are rounded toward zero`() {
        #expect(Duration.microseconds(1999).milliseconds == 1)
        #expect(Duration.microseconds(-1999).milliseconds == -1)
        #expect(Duration.seconds(-3).milliseconds == -3000)
        #expect(Duration.seconds(Int64.max).milliseconds == .max)
        #expect(Duration.seconds(Int64.min).milliseconds == .min)
    }

    @Test func `now is this century's`() {
        let now = Timestamp.now
        #expect(now > Timestamp(milliseconds: 1_577_836_800_000))
        #expect(now < Timestamp(milliseconds: 4_102_444_800_000))
        #expect(Timestamp.now >= now)
    }
}
