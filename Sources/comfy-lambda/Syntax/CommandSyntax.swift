import ComfyUI

/// What a command takes: its options, its operands, and the help that follows from them.
struct CommandSyntax: Sendable {
    /// An option of a command.
    struct Option: Sendable {
        /// What follows the name.
        enum Value: Sendable, Hashable {
            case flag
            /// One value; the placeholder is for the help.
            case one(String)
            /// May be given more than once.
            case many(String)
        }

        /// With its two hyphens.
        let name: String
        let value: Value
        /// A line or several.
        let help: String

        init(_ name: String, _ value: Value = .flag, _ help: String) {
            self.name = name
            self.value = value
            self.help = help
        }

        var placeholder: String? {
            switch value {
            case .flag: nil
            case .one(let name), .many(let name): name
            }
        }
    }

    let name: String
    /// One line, for the list of commands.
    let summary: String
    /// Placeholders of the operands; all of them are required.
    var operands: [String] = []
    /// Placeholder of one more that may be left out.
    var optionalOperand: String?
    /// What the command does, before its options.
    let discussion: String
    var options: [Option]
    /// Command lines worth copying.
    var examples: [String] = []

    static let help = Option("--help", .flag, "Show this help and exit.")

    /// The arguments after the command's name. `--` ends the options; `--name=value` and `--name value` are the same.
    func parse(_ words: some Sequence<String>) throws(UsageError) -> Arguments {
        var arguments = Arguments(command: name)
        var rest = Array(words)[...]
        var optionsEnded = false
        while let word = rest.popFirst() {
            if optionsEnded || !word.hasPrefix("-") || word == "-" {
                arguments.operands.append(word)
            } else if word == "--" {
                optionsEnded = true
            } else if word == "-h" || word == "--help" {
                arguments.asksForHelp = true
            } else {
                try parse(option: word, &rest, into: &arguments)
            }
        }
        if arguments.asksForHelp { return arguments }
        let most = operands.count + (optionalOperand == nil ? 0 : 1)
        if arguments.operands.count > most {
            throw UsageError("unexpected argument '\(arguments.operands[most])'", in: name)
        }
        if arguments.operands.count < operands.count {
            throw UsageError("\(operands[arguments.operands.count]) is missing", in: name)
        }
        return arguments
    }

    private func parse(option word: String, _ rest: inout ArraySlice<String>, into arguments: inout Arguments)
        throws(UsageError)
    {
        let equals = word.firstIndex(of: "=")
        let wanted = String(word[..<(equals ?? word.endIndex)])
        guard let option = options.first(where: { $0.name == wanted }) else {
            let names = options.map(\.name) + [Self.help.name]
            let nearest = NearestNames.of(wanted, among: names, count: 1, within: 2).first
            let hint = nearest.map { ", did you mean '\($0)'?" } ?? ""
            throw UsageError("unknown option '\(wanted)'\(hint)", in: name)
        }
        let attached = equals.map { String(word[word.index(after: $0)...]) }
        guard let placeholder = option.placeholder else {
            if attached != nil { throw UsageError("option '\(wanted)' takes no value", in: name) }
            arguments.values[wanted] = []
            return
        }
        guard let value = attached ?? rest.popFirst() else {
            throw UsageError("option '\(wanted)' needs a value: \(placeholder)", in: name)
        }
        if case .one = option.value, arguments.values[wanted] != nil {
            throw UsageError("option '\(wanted)' is given twice", in: name)
        }
        arguments.values[wanted, default: []].append(value)
    }

    /// As `--help` prints it.
    var helpText: String {
        let usage =
            ["comfy-lambda", name] + (options.isEmpty ? [] : ["[OPTIONS]"]) + operands
            + (optionalOperand.map { ["[\($0)]"] } ?? [])
        var text = "\(summary)\n\nUsage: \(usage.joined(separator: " "))\n\n\(discussion)\n\nOptions:\n"
        let rows = (options + [Self.help]).map { option in
            (option.name + (option.placeholder.map { " \($0)" } ?? ""), option.help)
        }
        text += helpColumns(rows)
        if !examples.isEmpty {
            text += "\nExamples:\n" + examples.map { "  \($0)\n" }.joined()
        }
        return text
    }
}

/// Two columns, the second with its own lines aligned.
func helpColumns(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { name, help in
        let padding = String(repeating: " ", count: width - name.count)
        let indent = String(repeating: " ", count: width + 4)
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        return "  \(name)\(padding)  " + lines.joined(separator: "\n" + indent) + "\n"
    }.joined()
}
