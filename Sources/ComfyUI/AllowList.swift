/// Which node classes a workflow may use: `ALLOWED_NODE_TYPES`.
struct AllowList: Sendable {
    private enum Rule: Sendable {
        case everything
        case classes(Set<String>)
    }
    private var rule: Rule

    /// A comma list of classes; `*` for all; `+Name` (in every entry) to add to the default. nil or nothing in
    /// it is the default.
    init(_ setting: String?, default classes: some Sequence<String>) {
        let entries = (setting ?? "").split(separator: ",").map { $0.trimmingSpaces }.filter { !$0.isEmpty }
        if entries.contains("*") {
            rule = .everything
        } else if entries.allSatisfy({ $0.hasPrefix("+") }) {
            rule = .classes(Set(classes).union(entries.map { String($0.dropFirst().trimmingSpaces) }))
        } else {
            rule = .classes(Set(entries.map { String($0.hasPrefix("+") ? $0.dropFirst() : $0) }))
        }
    }

    func contains(_ classType: String) -> Bool {
        switch rule {
        case .everything: true
        case .classes(let classes):
            classes.firstIndex(of: classType).map { classes[$0].hasSameBytes(as: classType) } ?? false
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
