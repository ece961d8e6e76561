import AWSClients
import JSON

/// Which version of which template a job was made from.
struct TemplateReference: Sendable, Hashable {
    /// Of a built-in one its name.
    var id: String
    var version: Int

    /// A built-in template has one version.
    static func builtIn(_ definition: TemplateDefinition) -> TemplateReference {
        TemplateReference(id: definition.name, version: 1)
    }

    var json: JSON { ["id": .string(id), "version": .number(version)] }
}

extension TemplateReference {
    var attribute: AttributeValue { .m(["id": .s(id), "version": .n(version)]) }

    /// nil for an attribute that is none.
    init?(_ attribute: AttributeValue?) {
        guard let id = attribute?.map?["id"]?.string, let version = attribute?.map?["version"]?.int else {
            return nil
        }
        self.init(id: id, version: version)
    }
}
