/// Rows in aligned columns.
struct Table: Sendable {
    var header: [String] = []
    var rows: [[String]]
    /// Columns that hold figures.
    var rightAligned: Set<Int> = []

    /// Two spaces between columns, a rule under the header, no trailing space.
    func rendered(_ style: TerminalStyle) -> String {
        let all = (header.isEmpty ? [] : [header]) + rows
        let count = all.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            all.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        var lines = rows.map { line($0, widths) }
        if !header.isEmpty {
            let rule = widths.map { String(repeating: style.unicode ? "─" : "-", count: $0) }
            lines = [style.paint(line(header, widths), .bold), rule.joined(separator: "  ")] + lines
        }
        return lines.joined(separator: "\n")
    }

    private func line(_ row: [String], _ widths: [Int]) -> String {
        let cells = row.enumerated().map { column, text in
            let padding = String(repeating: " ", count: widths[column] - text.count)
            return rightAligned.contains(column) ? padding + text : text + padding
        }
        let line = cells.joined(separator: "  ")
        guard let last = line.lastIndex(where: { $0 != " " }) else { return "" }
        return String(line[...last])
    }
}

/// Figures as people read them.
enum Quantity {
    /// `812 B`, `34.2 KB`, `1.8 MB`.
    static func bytes(_ count: Int) -> String {
        switch count {
        case ..<1000: "\(count) B"
        case ..<1_000_000: "\(tenths(count, per: 1000)) KB"
        default: "\(tenths(count, per: 1_000_000)) MB"
        }
    }

    /// `83 ms`, `2.4 s`.
    static func time(milliseconds: Int) -> String {
        milliseconds < 1000 ? "\(milliseconds) ms" : "\(tenths(milliseconds, per: 1000)) s"
    }

    private static func tenths(_ value: Int, per unit: Int) -> String {
        let rounded = (value * 10 + unit / 2) / unit
        return "\(rounded / 10).\(rounded % 10)"
    }
}
