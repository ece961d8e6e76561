import Telemetry

/// What the environment says about the runtime itself; `docs/configuration.md` lists the variables.
struct RuntimeSettings: Sendable {
    /// Invocations at once.
    var concurrency = 1
    /// How long before its deadline a handler is cancelled, at most; zero: never.
    var deadlineMargin = TimeLimit.standardMargin
    /// Whether an extension is registered, so that Lambda announces the end by SIGTERM.
    var registersExtension = false

    /// - Throws: the variable, what was found, and what is expected.
    init(_ environment: [String: String]) throws(FunctionError) {
        if let number = try Self.number(
            "AWS_LAMBDA_MAX_CONCURRENCY", environment["AWS_LAMBDA_MAX_CONCURRENCY"], 1...1000)
        {
            concurrency = number
        }
        // Under a second: the functions themselves keep that, and dispatch hands its runs off before it.
        if let number = try Self.number(
            "RUNTIME_DEADLINE_MARGIN_MS", environment["RUNTIME_DEADLINE_MARGIN_MS"], 0...900)
        {
            deadlineMargin = .milliseconds(number)
        }
        switch environment["RUNTIME_SIGTERM_EXTENSION"] {
        case nil, "", "false": break
        case "true": registersExtension = true
        case let text?:
            throw Self.invalid("RUNTIME_SIGTERM_EXTENSION", text, "true or false")
        }
    }

    private static func number(_ name: String, _ text: String?, _ range: ClosedRange<Int>)
        throws(FunctionError) -> Int?
    {
        guard let text, !text.isEmpty else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw invalid(name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func invalid(_ name: String, _ text: String, _ expected: String) -> FunctionError {
        FunctionError(
            type: "Runtime.InvalidEnvironment", message: "\(name) is '\(text)'; expected \(expected)")
    }
}
