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

    /// The classes it names; nil when it allows whatever there is.
    var classes: Set<String>? {
        if case .classes(let classes) = rule { classes } else { nil }
    }

    func contains(_ classType: String) -> Bool {
        switch rule {
        case .everything: true
        case .classes(let classes):
            classes.firstIndex(of: classType).map { classes[$0].hasSameBytes(as: classType) } ?? false
        }
    }
}

extension NodeCatalog {
    /// The classes that `ALLOWED_NODE_TYPES` names, or where it names none in particular, those of the default: a bounded set.
    public func names(allowedBy setting: String?) -> Set<String> {
        let standard = allowed.map(\.classType)
        return AllowList(setting, default: standard).classes ?? Set(standard)
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
