import JSON
import Time

/// A template, as a user sees it. Whose it is, is told to its owner alone.
struct TemplateView: Sendable {
    let id: String
    let name: String
    let summaryText: String
    let source: TemplateRoutes.Source
    let isPublic: Bool
    var version: Int
    let createdAt: Timestamp?
    let updatedAt: Timestamp?

    init(_ record: TemplateRecord, for user: User) {
        id = "\(record.id)"
        name = record.name
        summaryText = record.summary
        source = record.owner == user.id ? .own : .shared
        isPublic = record.isPublic
        version = record.version
        createdAt = record.createdAt
        updatedAt = record.updatedAt
    }

    /// Its name is its id.
    init(builtIn definition: TemplateDefinition) {
        let reference = TemplateReference.builtIn(definition)
        id = reference.id
        name = definition.name
        summaryText = definition.summary
        source = .builtIn
        isPublic = true
        version = reference.version
        createdAt = nil
        updatedAt = nil
    }

    var reference: TemplateReference { TemplateReference(id: id, version: version) }

    /// In a list.
    var summary: JSON { .object(members) }

    /// With all that it says; name and description are those of the version.
    func whole(_ definition: TemplateDefinition) -> JSON {
        var json = members
        for (name, value) in definition.json { json[name] = value }
        json["visibility"] = members["visibility"]
        json["node_id"] = json["node_id"] ?? .null
        return .object(json)
    }

    private var members: JSON.Object {
        [
            "id": .string(id), "name": .string(name), "description": .string(summaryText),
            "source": .string(source.rawValue), "visibility": isPublic ? "public" : "private",
            "version": .number(version), "created_at": createdAt.map { .string($0.rfc3339) } ?? .null,
            "updated_at": updatedAt.map { .string($0.rfc3339) } ?? .null,
        ]
    }
}
