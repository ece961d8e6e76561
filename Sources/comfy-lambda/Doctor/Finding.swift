import JSON

/// What one check of `doctor` found.
struct Finding: Sendable, Hashable {
    /// How it stands.
    enum Verdict: String, Sendable, Hashable {
        case ok
        /// Works, and will not for long, or not well.
        case warning
        /// Does not work.
        case failed
    }

    /// What was looked at: `table`, `work queue`.
    let subject: String
    let verdict: Verdict
    /// What was seen.
    let text: String
    /// What to do about it; nil where nothing is to be done.
    let advice: String?

    static func ok(_ subject: String, _ text: String) -> Finding {
        Finding(subject: subject, verdict: .ok, text: text, advice: nil)
    }

    static func warning(_ subject: String, _ text: String, _ advice: String) -> Finding {
        Finding(subject: subject, verdict: .warning, text: text, advice: advice)
    }

    static func failed(_ subject: String, _ text: String, _ advice: String) -> Finding {
        Finding(subject: subject, verdict: .failed, text: text, advice: advice)
    }

    /// A line, and the advice below it. Names that others chose lose their control characters.
    func rendered(_ style: TerminalStyle) -> String {
        let mark =
            switch verdict {
            case .ok: style.paint("ok      ", .green)
            case .warning: style.paint("warning ", .cyan)
            case .failed: style.paint("FAILED  ", .red)
            }
        let line = "\(mark)  \(style.paint(subject, .bold)): \(JobProgress.printable(text))"
        return advice.map { "\(line)\n          \(JobProgress.printable($0))" } ?? line
    }

    /// The same for a program.
    var document: JSON {
        [
            "subject": .string(subject), "verdict": .string(verdict.rawValue), "text": .string(text),
            "advice": advice.map { .string($0) } ?? .null,
        ]
    }
}
