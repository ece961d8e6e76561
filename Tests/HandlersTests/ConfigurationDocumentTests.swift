import TestSupport
import Testing

/// `docs/configuration.md` and the code name the same variables.
@Suite struct ConfigurationDocumentTests {
    private static let sources = "../../Sources"

    /// The names in the first column of the page's tables.
    private static func documented() throws -> Set<String> {
        let lines = try Fixtures.text("../../docs/configuration.md").split(separator: "\n")
        return Set(
            lines.filter { $0.hasPrefix("| `") }.map { line in
                String(line.dropFirst(3).prefix { $0 != "`" && $0 != "<" })
            })
    }

    /// Every string literal of the form of a variable's name, with the line it stands in.
    private static func literals(in module: String) throws -> [(name: String, file: String, line: String)] {
        var found: [(String, String, String)] = []
        for file in try swiftFiles(in: "\(sources)/\(module)") {
            for line in try Fixtures.text(file).split(separator: "\n") {
                for part in line.split(separator: "\"", omittingEmptySubsequences: false).dropFirst() {
                    let isName =
                        part.count > 3 && part.contains("_")
                        && part.allSatisfy { $0 == "_" || $0.isASCII && ($0.isUppercase || $0.isNumber) }
                    if isName { found.append((String(part), file, String(line))) }
                }
            }
        }
        return found
    }

    private static func swiftFiles(in folder: String) throws -> [String] {
        try Fixtures.list(folder).flatMap { name -> [String] in
            if name.hasSuffix(".swift") { return ["\(folder)/\(name)"] }
            return name.contains(".") ? [] : try swiftFiles(in: "\(folder)/\(name)")
        }
    }

    /// What the code reads: whatever `Configuration` names, and whatever else is taken from an environment.
    private static func read() throws -> Set<String> {
        var names: Set<String> = []
        for module in ["Handlers", "AWSClients", "HTTP", "Runtime", "bootstrap"] {
            for literal in try literals(in: module) {
                let isRead =
                    literal.file.hasSuffix("/Configuration.swift")
                    || literal.file.hasSuffix("/AccessConfiguration.swift") || literal.name.hasPrefix("AWS_")
                    || literal.line.contains("environment")
                if isRead { names.insert(literal.name) }
            }
        }
        return names
    }

    @Test func everyVariableThatIsReadIsDocumented() throws {
        let documented = try Self.documented()
        #expect(documented.count > 30)
        #expect(try Self.read().subtracting(documented).sorted() == [])
    }

    @Test func everyDocumentedVariableIsRead() throws {
        // A name of one word is told from other text by nothing, and the tool's own are another module's.
        let local: Set = ["NO_COLOR", "REGISTRATION", "COMFY_LAMBDA_URL", "COMFY_LAMBDA_TOKEN"]
        let read = try Self.read().union(["_HANDLER"]).union(local)
        #expect(try Self.documented().subtracting(read).sorted() == [])
    }
}
