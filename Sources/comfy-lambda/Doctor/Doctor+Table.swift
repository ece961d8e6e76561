import AWSClients
import Handlers
import JSON

extension Doctor {
    /// The table's state, its keys and its indexes, and its time to live: as `TableDefinition` has them.
    func table() async -> [Finding] {
        guard let name = settings["TABLE_NAME"], !name.isEmpty else {
            return [missing("table", "TABLE_NAME")]
        }
        let deploy = "Create it with the stack (make deploy), or correct TABLE_NAME"
        let table = await asking("table", "\(deploy) and dynamodb:DescribeTable.") {
            let answer = try await DynamoDB(aws).call("DescribeTable", ["TableName": .string(name)])
            let description = answer["Table"] ?? .null
            let state = description["TableStatus"]?.string ?? "of an unknown state"
            guard ["ACTIVE", "UPDATING"].contains(state) else {
                return [.failed("table", "\(name) is \(state)", "Wait until it is ACTIVE.")]
            }
            guard Self.keys(of: description) == ["pk HASH", "sk RANGE"] else {
                return [.failed("table", "\(name) has other keys than pk and sk", "\(deploy).")]
            }
            return [.ok("table", "\(name) is \(state)")] + Self.indexes(of: description)
        }
        if table.first?.verdict == .failed { return table }
        return await table
            + asking("time to live", "Allow dynamodb:DescribeTimeToLive.") {
                let answer = try await DynamoDB(aws).call("DescribeTimeToLive", ["TableName": .string(name)])
                let description = answer["TimeToLiveDescription"]
                guard description?["TimeToLiveStatus"]?.string == "ENABLED",
                    description?["AttributeName"]?.string == TableDefinition.timeToLiveAttribute
                else {
                    return [
                        .warning(
                            "time to live", "not enabled on '\(TableDefinition.timeToLiveAttribute)'",
                            "Old jobs stay for ever and are paid for: enable it, as template.yaml does.")
                    ]
                }
                return [.ok("time to live", "on '\(TableDefinition.timeToLiveAttribute)'")]
            }
    }

    /// One finding for all that are right, and one for each that is not.
    static func indexes(of table: JSON) -> [Finding] {
        let wanted = TableDefinition.createTableInput(name: "")["GlobalSecondaryIndexes"]?.array ?? []
        let found = table["GlobalSecondaryIndexes"]?.array ?? []
        var right: [String] = []
        var findings: [Finding] = []
        for index in wanted {
            let name = index["IndexName"]?.string ?? ""
            let fault = fault(of: found.first { $0["IndexName"]?.string == name }, wanted: index)
            if let fault {
                findings.append(
                    .failed(
                        "index \(name)", fault,
                        "Make it as TableDefinition and template.yaml have it; jobs wait or are not listed until then."
                    ))
            } else {
                right.append(name)
            }
        }
        if !right.isEmpty { findings.insert(.ok("indexes", right.joined(separator: ", ")), at: 0) }
        return findings
    }

    private static func fault(of index: JSON?, wanted: JSON) -> String? {
        guard let index else { return "is not there" }
        let state = index["IndexStatus"]?.string ?? "unknown"
        if state != "ACTIVE" { return "is \(state)" }
        if keys(of: index) != keys(of: wanted) {
            return "has the keys \(keys(of: index).joined(separator: ", "))"
        }
        if index["Projection"]?["ProjectionType"] == "ALL" { return nil }
        let missing = projected(wanted).subtracting(projected(index)).sorted()
        return missing.isEmpty ? nil : "does not carry \(missing.joined(separator: ", "))"
    }

    private static func keys(of description: JSON) -> [String] {
        (description["KeySchema"]?.array ?? []).map {
            "\($0["AttributeName"]?.string ?? "") \($0["KeyType"]?.string ?? "")"
        }.sorted()
    }

    private static func projected(_ index: JSON) -> Set<String> {
        Set((index["Projection"]?["NonKeyAttributes"]?.array ?? []).compactMap(\.string))
    }
}
