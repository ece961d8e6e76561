import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Time

/// Workflows with named parameters: those of a user, the public ones, the built-in ones.
struct TemplateRoutes: Sendable {
    let services: Services
    let submissions: SubmissionRoutes
    private let store: TemplateStore
    private var check: WorkflowCheck { submissions.check }

    init(services: Services, submissions: SubmissionRoutes) {
        self.services = services
        self.submissions = submissions
        store = TemplateStore(services.store.dynamoDB, table: services.configuration.table)
    }

    /// Whose templates a list shows.
    enum Source: String, Sendable, CaseIterable {
        case own, shared
        case builtIn = "built_in"
    }

    private enum Fields {
        static let source = Field("source", .choice(Source.own), default: .own)
        static let limit = Field("limit", FieldType<Int>.integer(1...100, textual: true), default: 50)
        static let cursor = Field<UUID?>("cursor", .cursor, default: nil)
        static let version = Field<Int?>(optional: "version", .integer(1...Int(Int32.max), textual: true))
    }

    static var listQuery: [FieldDescription] {
        [
            FieldDescription(
                Fields.source,
                "Your own, the public ones of everybody (yours too), or those that are always there.",
                default: "own"),
            FieldDescription(Fields.limit, "How many at most.", default: 50),
            FieldDescription(Fields.cursor, "The next_cursor of the page before."),
        ]
    }

    static var versionQuery: [FieldDescription] {
        [
            FieldDescription(
                Fields.version, "Which version; absent: the latest. Of others' templates the latest only.")
        ]
    }

    /// `GET /v1/workflows`.
    func list(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(query: request.http.query)
        let source = reader.read(Fields.source)
        let limit = reader.read(Fields.limit)
        let cursor = reader.read(Fields.cursor).map { "\($0)" }
        try reader.finish()
        let listing: TemplateStore.Listing
        switch source {
        case .builtIn:
            let all = BuiltInTemplates.names.compactMap { name in
                BuiltInTemplates.named(name).map { TemplateView(builtIn: $0).summary }
            }
            return .json(["workflows": .array(all), "next_cursor": nil])
        case .own: listing = try await store.list(of: user.id, limit: limit, after: cursor)
        case .shared: listing = try await store.listShared(limit: limit, after: cursor)
        }
        let next = listing.next.flatMap { UUID($0) }.map(ListCursor.encode)
        return .json([
            "workflows": .array(listing.records.map { TemplateView($0, for: user).summary }),
            "next_cursor": next.map { .string($0) } ?? .null,
        ])
    }

    /// `POST /v1/workflows`.
    func create(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let (definition, packed) = try read(request)
        guard try await store.count(of: user.id) < TemplateStore.maximumTemplates else {
            throw APIError(
                .conflict,
                "You have \(TemplateStore.maximumTemplates) workflows, which is as many as there may be.")
        }
        let record = TemplateRecord(definition, owner: user.id, at: services.now)
        try await store.create(record, packed)
        return .json(
            TemplateView(record, for: user).whole(definition), status: 201,
            headers: ["Location": "/v1/workflows/\(record.id)"])
    }

    /// `GET /v1/workflows/{id}`.
    func show(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(query: request.http.query)
        let version = reader.read(Fields.version)
        try reader.finish()
        let (view, definition) = try await find(request.parameters["id"] ?? "", user, version: version)
        return .json(view.whole(definition))
    }

    /// `PUT /v1/workflows/{id}`: the next version.
    func replace(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let record = try await own(request, user)
        let (definition, packed) = try read(request)
        let next = record.replaced(by: definition, at: services.now)
        guard try await store.replace(record, with: next, packed) else {
            throw APIError(.conflict, "The workflow was changed at the same time; try again.")
        }
        return .json(TemplateView(next, for: user).whole(definition))
    }

    /// `DELETE /v1/workflows/{id}`.
    func delete(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        try await store.delete(try await own(request, user))
        return HTTPResponse(status: 204)
    }

    /// `POST /v1/workflows/{id}/execute`.
    func execute(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let body = try JSONBody.object(of: request.http)
        var reader = FieldReader(body)
        let key = IdempotencyKey.read(request.http.headers, &reader)
        let id = request.parameters["id"] ?? ""
        return try await submissions.submit(
            try await draft(of: id, &reader, user), body, key, request, user, subject: id)
    }

    /// The job to be of one run; what else was read of the same request has its faults told with it.
    func draft(of id: String, _ reader: inout FieldReader, _ user: User) async throws -> JobDraft {
        let fields = TemplateRunRequest(&reader)
        submissions.check(fields.options, &reader)
        let (view, definition) = try await find(id, user, version: fields.version)
        let values = fields.values(for: definition.template, &reader)
        try reader.finish()
        var draft = try await definition.template.draft(
            values, fields.options, fields.executionMode, check,
            InputResolver(services: services, user: user.id))
        draft.template = view.reference
        return draft
    }

    static let noSuchWorkflow = APIError(.notFound, "There is no such workflow.")

    /// Everything but what only a run can show: the rules, without the workers' lists, which may change.
    private func read(_ request: APIRequest) throws -> (TemplateDefinition, packed: [UInt8]) {
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let definition = try TemplateDefinition.read(&reader)
        let faults = definition.template.faults(check.rules)
        if !faults.isEmpty { throw APIError.workflow(WorkflowFaults(faults)) }
        guard let packed = TemplateStore.pack(definition) else {
            throw APIError.validation([
                .init(
                    "workflow", .tooLong,
                    "'workflow' must have at most \(TemplateStore.maximumBytes) bytes when it is packed (gzip)."
                )
            ])
        }
        return (definition, packed)
    }

    /// A template that the user may see. Of another user's, what it was before it was public is nobody's business.
    private func find(_ id: String, _ user: User, version: Int?) async throws -> (
        view: TemplateView, definition: TemplateDefinition
    ) {
        if let builtIn = BuiltInTemplates.named(id), version ?? 1 == 1 {
            return (TemplateView(builtIn: builtIn), builtIn)
        }
        guard let uuid = UUID(id), let record = try await store.record(uuid, for: user.id),
            record.owner == user.id || version ?? record.version == record.version,
            let definition = try await store.definition(version ?? record.version, of: record)
        else { throw Self.noSuchWorkflow }
        var view = TemplateView(record, for: user)
        view.version = version ?? record.version
        return (view, definition)
    }

    /// A template that the user may change.
    private func own(_ request: APIRequest, _ user: User) async throws -> TemplateRecord {
        let id = request.parameters["id"] ?? ""
        if BuiltInTemplates.named(id) != nil {
            throw APIError(.forbidden, "A built-in workflow cannot be changed.")
        }
        guard let uuid = UUID(id), let record = try await store.record(uuid, for: user.id) else {
            throw Self.noSuchWorkflow
        }
        guard record.owner == user.id else {
            throw APIError(.forbidden, "The workflow is another user's.")
        }
        return record
    }
}
