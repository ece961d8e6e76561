import Glibc
import Testing

@testable import LambdaRuntime

// In the suite whose tests run one after another: one process has one environment.
extension LambdaRuntimeTests {
    private static var seen: String? {
        unsafe getenv("_X_AMZN_TRACE_ID").map { unsafe String(cString: $0) }
    }

    @Test func eachValueReplacesTheOneBefore() {
        let variable = TraceVariable()
        for value in ["Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1", "Root=1", "Root=1-longer-again"] {
            variable.set(value)
            #expect(Self.seen == value)
        }
        variable.set(nil)
        #expect(Self.seen == nil)
        variable.set("Root=2")
        #expect(Self.seen == "Root=2")
        variable.set(nil)
    }

    @Test func whatIsTooLongIsNoTrace() {
        let variable = TraceVariable()
        variable.set("Root=1")
        variable.set(String(repeating: "x", count: 2000))
        #expect(Self.seen == nil)
    }

    /// The environment must not point to memory that is another's by then.
    @Test func itsEndRemovesTheVariable() {
        var variable: TraceVariable? = TraceVariable()
        variable?.set("Root=1")
        let other = TraceVariable()
        other.set("Root=2")
        variable = nil
        #expect(Self.seen == "Root=2")
        variable = consume other
        variable = nil
        #expect(Self.seen == nil)
    }
}
