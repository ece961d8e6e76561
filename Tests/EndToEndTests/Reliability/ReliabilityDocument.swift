import Glibc
import TestSupport

/// How much the suites of this folder do.
enum Reliability {
    /// `make faults` sets it: everything instead of a sample that continuous integration has time for.
    static let isLong = unsafe getenv("COMFY_FAULTS") != nil
}

/// `docs/reliability.md`, whose tables the suites write.
enum ReliabilityDocument {
    private static let path = Program.project + "/docs/reliability.md"

    /// Puts `text` between `<!-- name -->` and `<!-- end -->`.
    static func write(_ text: String, as name: String) throws {
        let document = try Fixtures.text(path)
        let (opening, closing) = ("<!-- \(name) -->\n", "<!-- end -->")
        let lines = document.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(of: Substring(opening.dropLast())),
            let end = lines[start...].firstIndex(of: Substring(closing))
        else { throw TimedOut(description: "\(path) has no place for '\(name)'") }
        let parts = lines[...start] + text.split(separator: "\n") + lines[end...]
        guard let file = unsafe fopen(path, "w") else { throw TimedOut(description: "cannot write \(path)") }
        defer { unsafe fclose(file) }
        unsafe fputs(parts.joined(separator: "\n"), file)
    }
}

/// The kill points and their outcomes, calls in a row with the same outcome in one line.
struct KillTable {
    private struct Row: Equatable {
        let call: String
        let before: String
        let after: String
    }

    let text: String

    init(_ outcomes: [KillOutcome], calls: [String]) {
        var rows: [(first: Int, last: Int, row: Row)] = []
        for (index, call) in calls.enumerated() {
            func cell(_ side: KillPoint.Side) -> String {
                guard
                    let outcome = outcomes.first(where: {
                        $0.point == KillPoint(call: index + 1, side: side)
                    })
                else { return "" }
                if outcome.name == nil { return "not reached" }
                let found = outcome.aftermath
                return "\(found.state), \(found.attempts), \(found.runs)"
            }
            let row = Row(call: call, before: cell(.before), after: cell(.after))
            if let last = rows.last, last.row == row {
                rows[rows.count - 1].last = index + 1
            } else {
                rows.append((index + 1, index + 1, row))
            }
        }
        let lines = rows.map { entry in
            let number = entry.first == entry.last ? "\(entry.first)" : "\(entry.first)–\(entry.last)"
            return "| \(number) | \(entry.row.call) | \(entry.row.before) | \(entry.row.after) |"
        }
        text =
            (["| call | service and operation | killed before it | killed after it |", "|---|---|---|---|"]
            + lines).joined(separator: "\n")
    }
}
