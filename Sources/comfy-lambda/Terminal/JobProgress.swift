import JSON

/// How far a job is, read from the API's answer, and how it is shown.
struct JobProgress: Sendable, Hashable {
    var status: String
    var percent = 0
    var value: Int?
    var maximum: Int?
    var node: String?
    var nodesDone: Int?
    var nodesTotal: Int?
    var queuePosition: Int?

    init(status: String) { self.status = status }

    init(_ job: JSON) {
        status = job["status"]?.string ?? "unknown"
        let progress = job["progress"]
        percent = min(100, max(0, Int(progress?["percent"]?.double ?? 0)))
        value = progress?["value"]?.int
        maximum = progress?["max"]?.int
        node = progress?["class_type"]?.string
        nodesDone = progress?["nodes_done"]?.int
        nodesTotal = progress?["nodes_total"]?.int
        queuePosition = job["queue_position"]?.int
    }

    /// No more will come.
    var isFinal: Bool { ["completed", "failed", "cancelled"].contains(status) }

    /// What is going on, in words.
    var activity: String {
        switch status {
        case "queued": queuePosition.map { "queued, position \($0)" } ?? "queued"
        case "running": node.map(Self.printable) ?? "running"
        default: status
        }
    }

    private var details: [String] {
        var details: [String] = []
        if let value, let maximum, maximum > 1, !isFinal { details.append("step \(value)/\(maximum)") }
        if let nodesDone, let nodesTotal { details.append("\(nodesDone) of \(nodesTotal) nodes") }
        return details
    }

    /// One line for a terminal, never as wide as it: `KSampler  ██████████░░░░░░  62%  step 13/20, 4 of 7 nodes`.
    func bar(_ style: TerminalStyle, seconds: Int) -> String {
        let columns = max(20, style.columns) - 1
        let name = Self.fit(activity, min(26, columns * 3 / 10), style.unicode ? "…" : "~")
        let figure = "\(percent)%"
        let right = Self.padded(figure, 4, onLeft: true)
        let fixed = name.count + right.count + 4
        let tail = (details + ["\(seconds) s"]).joined(separator: ", ")
        let roomForBar = columns - fixed
        // So much that the bar keeps its length while figures grow; it goes before the bar gets useless.
        let roomForTail = max(34, tail.count) + 2
        let showsTail = roomForBar - roomForTail >= 10
        let width = max(0, min(40, roomForBar - (showsTail ? roomForTail : 0)))
        let done = width * percent / 100
        let (full, empty) = style.unicode ? ("█", "░") : ("#", "-")
        let bar =
            style.paint(String(repeating: full, count: done), .green)
            + style.paint(String(repeating: empty, count: width - done), .dim)
        return "\(style.paint(name, .bold))  \(bar)  \(right)"
            + (showsTail ? "  \(style.paint(tail, .dim))" : "")
    }

    /// The same as a line of a log: `running  KSampler  62%  step 13/20, 4 of 7 nodes`.
    var line: String {
        let words = node != nil && status == "running" ? [status, activity] : [activity]
        let figure = status == "running" ? ["\(percent)%"] : []
        let tail = details.joined(separator: ", ")
        return (words + figure + (tail.isEmpty || status == "queued" ? [] : [tail])).joined(separator: "  ")
    }

    /// Where two are equal a log needs no second line: the state, the node, and every fourth of the way.
    var milestone: [String] { [status, node ?? "", "\(percent / 25)"] }

    /// Cut to so many characters, or padded to them.
    private static func fit(_ text: String, _ width: Int, _ ellipsis: String) -> String {
        text.count > width ? text.prefix(max(0, width - 1)) + ellipsis : padded(text, width)
    }

    private static func padded(_ text: String, _ width: Int, onLeft: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, width - text.count))
        return onLeft ? spaces + text : text + spaces
    }

    /// A node's class is a name that users chose: no control character of it reaches the terminal.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }))
    }
}
