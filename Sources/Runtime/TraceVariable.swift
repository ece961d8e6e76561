import Glibc

/// `_X_AMZN_TRACE_ID`, the variable in which AWS's SDKs and X-Ray look for the trace of the invocation at hand.
///
/// `setenv` keeps a copy of every value it was ever given: a process that runs for days would grow with each invocation. So the
/// environment holds a piece of memory of ours, in which each value overwrites the one before.
///
/// `@unchecked Sendable`: used by the one runtime loop of a process that runs one invocation at a time.
@safe final class TraceVariable: @unchecked Sendable {
    private static let name = "_X_AMZN_TRACE_ID"
    private static let capacity = 1024

    /// `name=value` and a zero.
    private let entry: UnsafeMutablePointer<CChar>
    private var isSet = false

    /// The variable is not touched yet.
    init() {
        unsafe entry = .allocate(capacity: Self.capacity)
        unsafe strcpy(entry, Self.name + "=")
    }

    deinit {
        // Another may have taken its place in the environment.
        if unsafe getenv(Self.name) == entry + Self.name.utf8.count + 1 { unsafe unsetenv(Self.name) }
        unsafe entry.deallocate()
    }

    /// Sets the variable; nil, and what is too long to be a trace, removes it.
    func set(_ value: String?) {
        guard let value, Self.name.utf8.count + value.utf8.count + 2 <= Self.capacity else {
            unsafe unsetenv(Self.name)
            isSet = false
            return
        }
        unsafe strcpy(entry + Self.name.utf8.count + 1, value)
        if !isSet { unsafe putenv(entry) }
        isSet = true
    }
}
