import TestSupport
import Testing

/// `docs/aws-clients.md` names a test for each behaviour; each of them is there.
@Suite struct DocumentTests {
    private static let folders = [
        "AWSClientsTests", "CryptoTests", "DynamoDBCodableTests", "HandlersTests", "HTTPTests",
    ]

    /// The names in the last column of the tables `| behaviour | test |`.
    private static func named() throws -> Set<String> {
        var names: Set<String> = []
        var isInTable = false
        for line in try Fixtures.text("../../docs/aws-clients.md").split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            if line.hasPrefix("| behaviour") { isInTable = true }
            if !line.hasPrefix("|") { isInTable = false }
            guard isInTable, let cell = line.split(separator: "|").dropLast(line.hasSuffix(" ") ? 1 : 0).last
            else { continue }
            let parts = cell.split(separator: "`", omittingEmptySubsequences: false)
            for index in parts.indices where index % 2 == 1 {
                names.insert(String(parts[index].split(separator: ".").last ?? ""))
            }
        }
        return names
    }

    private static func declared() throws -> Set<String> {
        var names: Set<String> = []
        func read(_ folder: String) throws {
            for entry in try Fixtures.list(folder) {
                if entry.hasSuffix(".swift") {
                    let words = try Fixtures.text("\(folder)/\(entry)").split { !$0.isLetter && !$0.isNumber }
                    for (word, next) in zip(words, words.dropFirst()) where word == "func" || word == "struct"
                    {
                        names.insert(String(next))
                    }
                } else if !entry.contains(".") {
                    try read("\(folder)/\(entry)")
                }
            }
        }
        for folder in folders { try read("../\(folder)") }
        return names
    }

    @Test func everyTestThatIsNamedIsThere() throws {
        let named = try Self.named()
        #expect(named.count > 70)
        #expect(try named.subtracting(Self.declared()).sorted() == [])
    }
}
