import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime

/// Several jobs with one request.
struct BatchRoutes: Sendable {
    let services: Services
    let submissions: SubmissionRoutes
    private let store: BatchStore

    init(services: Services, submissions: SubmissionRoutes) {
        self.services = services
        self.submissions = submissions
        store = BatchStore(dynamoDB: services.store.dynamoDB, table: services.configuration.table)
    }

    private enum Fields {
        static let items = Field(required: "items", .items)
    }

    static var fields: [FieldDescription] {
        [
            FieldDescription(
                Fields.items, "What POST /v1/generate takes, 1 to \(BatchRecord.maximumItems) times.")
        ]
    }

    /// `POST /v1/generate/batch`.
    func create(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let body = try JSONBody.object(of: request.http)
        var reader = FieldReader(body)
        let items = reader.read(Fields.items)
        let key = IdempotencyKey.read(request.http.headers, &reader)
        try reader.finish()
        var drafts: [Result<JobDraft, APIError>] = []
        for item in items {
            do throws(APIError) {
                drafts.append(.success(try await submissions.generateDraft(item)))
            } catch {
                drafts.append(.failure(error))
            }
        }
        guard drafts.contains(where: { if case .success = $0 { true } else { false } }) else {
            throw Self.noneIsValid(drafts)
        }
        let repeatable = key.map {
            JobSubmission.Repeatable(key: $0, operation: request.operation, body: body)
        }
        let outcome = try await BatchSubmission(services: services)
            .submit(drafts, user: user, repeatable: repeatable)
        let view = BatchView(outcome: outcome)
        return .json(
            view.json, status: view.isFinal ? 200 : 202,
            headers: ["Location": "/v1/batches/\(outcome.record.id)"])
    }

    /// `GET /v1/batches/{id}`.
    func show(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        .json(BatchView(outcome: try await outcome(of: try await record(request, user))).json)
    }

    /// `POST /v1/batches/{id}/cancel`: every job of it that has not ended.
    func cancel(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        try JSONBody.expectNone(of: request.http)
        let record = try await record(request, user)
        let before = try await outcome(of: record)
        let cancellation = JobCancellation(services: services)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for job in before.jobs.values where !job.state.isFinal {
                group.addTask { _ = try await cancellation.cancel(job.id) }
            }
            try await group.waitForAll()
        }
        let view = BatchView(outcome: try await outcome(of: record))
        return .json(view.json, status: view.isFinal ? 200 : 202)
    }

    private func outcome(of record: BatchRecord) async throws -> BatchSubmission.Outcome {
        BatchSubmission.Outcome(
            record: record, jobs: try await store.jobs(of: record, in: services.store))
    }

    private func record(_ request: APIRequest, _ user: User) async throws -> BatchRecord {
        guard let id = request.parameters["id"].flatMap({ UUID($0) }),
            let record = try await store.record(id, at: services.now), record.user == user.id
        else { throw APIError(.notFound, "There is no such batch.") }
        return record
    }

    /// The faults of all items, each under its item's number.
    private static func noneIsValid(_ drafts: [Result<JobDraft, APIError>]) -> APIError {
        var faults: [FieldFault] = []
        for (index, draft) in drafts.enumerated() {
            guard case .failure(let error) = draft else { continue }
            for fault in error.details?["errors"]?.array ?? [] {
                let field = (fault["field"]?.string).map { ".\($0)" } ?? ""
                faults.append(
                    FieldFault(
                        "items.\(index)\(field)", code: fault["code"]?.string ?? "",
                        fault["message"]?.string ?? error.message))
            }
        }
        return .validation(faults)
    }
}

extension FieldType where Value == [JSON.Object] {
    /// Bodies of `POST /v1/generate`, each of which is read, and refused, by itself.
    fileprivate static let items = Self(
        blank: [],
        schema: [
            "type": "array", "items": Schema.fields(GenerateRequest.fields), "minItems": 1,
            "maxItems": .number(BatchRecord.maximumItems),
        ]
    ) { json throws(Refusal) in
        guard let array = json.array else { throw Refusal(.wrongType, "must be an array") }
        guard !array.isEmpty else { throw Refusal(.tooShort, "must have one element at least") }
        guard array.count <= BatchRecord.maximumItems else {
            throw Refusal(.tooLong, "must have at most \(BatchRecord.maximumItems) elements")
        }
        let objects = array.compactMap(\.object)
        guard objects.count == array.count else {
            throw Refusal(.wrongType, "must be an array of objects")
        }
        return objects
    }
}
