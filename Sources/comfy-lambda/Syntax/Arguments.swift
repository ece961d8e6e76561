/// What a command line said, read by option name.
struct Arguments: Sendable {
    let command: String
    var values: [String: [String]] = [:]
    var operands: [String] = []
    var asksForHelp = false

    init(command: String) { self.command = command }

    func flag(_ name: String) -> Bool { values[name] != nil }
    func text(_ name: String) -> String? { values[name]?.last }
    func texts(_ name: String) -> [String] { values[name] ?? [] }

    /// A whole number in a range; `standard` when the option is absent.
    func integer(_ name: String, _ standard: Int, in range: ClosedRange<Int>) throws(UsageError) -> Int {
        guard let text = text(name) else { return standard }
        guard let value = Int(text), range.contains(value) else {
            throw UsageError(
                "option '\(name)' is '\(text)'; expected a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound)", in: command)
        }
        return value
    }

    /// One of a few words.
    func choice<T>(_ name: String, _ choices: KeyValuePairs<String, T>) throws(UsageError) -> T? {
        guard let text = text(name) else { return nil }
        guard let found = choices.first(where: { $0.key == text }) else {
            let words = choices.map(\.key).joined(separator: ", ")
            throw UsageError("option '\(name)' is '\(text)'; expected one of \(words)", in: command)
        }
        return found.value
    }

    /// `NAME=VALUE` pairs of an option that may be repeated.
    func assignments(_ name: String) throws(UsageError) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for text in texts(name) {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw UsageError("option '\(name)' is '\(text)'; expected NAME=VALUE", in: command)
            }
            pairs.append((String(text[..<equals]), String(text[text.index(after: equals)...])))
        }
        return pairs
    }
}
