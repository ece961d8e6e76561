/// What a key or a token may be used for.
enum Scope: String, Sendable, CaseIterable {
    case jobsWrite = "jobs:write"
    case jobsRead = "jobs:read"
    case files
    case templates
    case metrics
    case admin
}
