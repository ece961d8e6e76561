import Synchronization
import Testing

@testable import Telemetry

@Suite struct LogConfigurationTests {
    // Each reading once wrapped the sink in one more closure: memory grew with every line, and so did the stack of the next.
    @Test func readingTheOutputLeavesItAsItIs() {
        let lines = Atomic<Int>(0)
        let configuration = LogConfiguration { _ in lines.add(1, ordering: .relaxed) }
        for _ in 0..<500_000 { _ = configuration.output }
        configuration.output.sink([])
        #expect(lines.load(ordering: .relaxed) == 1)
    }
}
