import JSON
import TestSupport
import Testing

@testable import Handlers

@Suite struct TableDefinitionTests {
    /// `template.yaml` and the local table must be the same table.
    @Test func theTemplateDeclaresTheSameIndexes() throws {
        let template = try Fixtures.text("../../template.yaml")
        let lines = template.split(separator: "\n").map { $0.drop { $0 == " " } }
        for index in TableDefinition.indexes {
            let start = try #require(lines.firstIndex(of: "- IndexName: \(index.name)"))
            let end = lines[(start + 1)...].firstIndex { $0.hasPrefix("- IndexName:") } ?? lines.endIndex
            let block = lines[start..<end].joined(separator: "\n")
            #expect(block.contains("AttributeName: \(index.partitionKey), KeyType: HASH"))
            #expect(block.contains("AttributeName: \(index.sortKey), KeyType: RANGE"))
            for attribute in index.projected { #expect(block.contains(attribute), "\(index.name)") }
        }
        #expect(template.contains("AttributeName: \(TableDefinition.timeToLiveAttribute), Enabled: true"))
    }

    @Test func createTableNamesEveryKeyAttributeOnce() {
        let input = TableDefinition.createTableInput(name: "jobs")
        let names = (input["AttributeDefinitions"]?.array ?? []).compactMap { $0["AttributeName"]?.string }
        #expect(names.count == 10)
        #expect(Set(names).count == 10)
        #expect(input["GlobalSecondaryIndexes"]?.array?.count == 4)
    }
}
