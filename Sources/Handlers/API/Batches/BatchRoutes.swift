import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime

/// Several jobs with one request.
struct BatchRoutes: Sendable {
    let services: Services
    let item: BatchItem
    private let store: BatchStore

    init(services: Services, item: BatchItem) {
        self.services = services
        self.item = item
        store = BatchStore(dynamoDB: services.store.dynamoDB, table: services.configuration.table)
    }

    private enum Fields {
        static let items = Field(required: "items", .items)
    }

    static var fields: [FieldDescription] {
        [
            FieldDescription(
                Fields.items,
                """
                1 to \(BatchRecord.maximumItems) of what makes one job: the body of POST /v1/generate, that of POST /v1/workflows/execute, or a \
                stored workflow as `template` with the body that runs it.
                """)
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
        for body in items {
            do {
                drafts.append(.success(try await item.draft(body, user)))
            } catch let error as APIError where error.code.status < 500 {
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
            let found =
                error.details?["errors"]?.array ?? [["code": .string(error.code.rawValue.lowercased())]]
            for fault in found {
                // Of a field, or of a node and perhaps its input.
                let place = ["field", "node_id", "input"].compactMap { fault[$0]?.string }
                faults.append(
                    FieldFault(
                        (["items", "\(index)"] + place).joined(separator: "."),
                        code: fault["code"]?.string ?? "", fault["message"]?.string ?? error.message))
            }
        }
        return .validation(faults)
    }
}

extension FieldType where Value == [JSON.Object] {
    /// Bodies, each of which is read, and refused, by itself.
    fileprivate static let items = Self(
        blank: [],
        schema: [
            "type": "array", "items": BatchItem.schema, "minItems": 1,
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
