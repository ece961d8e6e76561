import JSON

/// The contract: what `GET /openapi.json` tells of the router's table.
enum Contract {
    /// A schema of `components` by its name.
    static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }
}
