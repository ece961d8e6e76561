import JSON

/// What the contract says of a route. Method, path, name of the operation, scope, and the errors that any route of its kind may answer
/// (`Contract.errors`) follow from the route itself.
struct RouteDescription: Sendable {
    /// The groups that the contract's readers see.
    enum Tag: String, Sendable, CaseIterable {
        case jobs = "Jobs"
        case workflows = "Workflows"
        case workers = "Workers"
        case accounts = "Accounts"
        case files = "Files"
        case operation = "Operation"
        case contract = "Contract"
    }

    /// One answer that is no error.
    struct Answer: Sendable {
        var status: Int
        var summary: String
        /// What its body holds; nil for no body.
        var content: Content?
        /// Names of headers, each with what it tells.
        var headers: [(name: String, summary: String)] = []
    }

    /// A body's type and, for JSON, its schema.
    struct Content: Sendable {
        var type = "application/json"
        var schema: JSON
        var example: JSON?
    }

    /// A few words, without a full stop.
    var summary: String
    /// Whole sentences, in CommonMark.
    var details = ""
    var tag: Tag
    var query: [FieldDescription] = []
    var headers: [FieldDescription] = []
    /// The body's fields; nil for a route that takes none.
    var body: [FieldDescription]?
    /// Bodies that show what can be asked for, each under its name.
    var bodyExamples: [(name: String, body: JSON)] = []
    var answers: [Answer]
    /// The errors that this route may answer beside those of its kind.
    var errors: [APIError.Code] = []
}
