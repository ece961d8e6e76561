/// A command line that cannot be run: exit status 2.
struct UsageError: Error, Hashable, CustomStringConvertible {
    let message: String
    /// The command it was meant for; nil when even that is unknown.
    let command: String?

    init(_ message: String, in command: String? = nil) {
        self.message = message
        self.command = command
    }

    /// A sentence, and where to read on.
    var description: String {
        let program = ["comfy-lambda", command].compactMap(\.self).joined(separator: " ")
        return "\(program): \(message)\nSee '\(program) --help'."
    }
}

/// A command that could not do its work: a sentence for the user and the exit status.
struct CommandFailure: Error, Hashable, CustomStringConvertible {
    let message: String
    var status: Int32 = 1

    init(_ message: String, status: Int32 = 1) {
        self.message = message
        self.status = status
    }

    var description: String { message }
}
