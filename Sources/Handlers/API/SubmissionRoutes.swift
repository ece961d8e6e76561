import ComfyUI
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Time

/// The routes that make jobs, and the one that says whether a job could be made.
struct SubmissionRoutes: Sendable {
    let services: Services
    let check: WorkflowCheck

    /// `POST /v1/generate`.
    func generate(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let body = try JSONBody.object(of: request.http)
        var reader = FieldReader(body)
        let key = IdempotencyKey.read(request.http.headers, &reader)
        return try await submit(try await generateDraft(&reader), body, key, request, user)
    }

    /// The job to be of parameters; what else was read of the same request has its faults told with theirs.
    func generateDraft(_ reader: inout FieldReader) async throws -> JobDraft {
        let fields = GenerateRequest(
            &reader, maximumPixels: services.configuration.maximumImagePixels)
        check(fields.options, &reader)
        try reader.finish()
        return try await fields.draft(check)
    }

    /// With what it will cost.
    func measured(_ draft: JobDraft) -> JobDraft {
        var draft = draft
        // Sound and video are somebody's time on a GPU too.
        draft.images = max(1, draft.graph.pictureCount(check.rules.catalog))
        // Parts that run apart take another time than one after another.
        draft.shape = (draft.parts.isEmpty ? "" : "parts-") + draft.graph.shape(check.rules.catalog)
        return draft
    }

    /// `POST /v1/workflows/execute`.
    func execute(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let body = try JSONBody.object(of: request.http)
        var reader = FieldReader(body)
        let key = IdempotencyKey.read(request.http.headers, &reader)
        return try await submit(try await workflowDraft(&reader, user), body, key, request, user)
    }

    /// The job to be of a graph; the same as `generateDraft` otherwise.
    func workflowDraft(_ reader: inout FieldReader, _ user: User) async throws -> JobDraft {
        let fields = WorkflowRequest(&reader)
        check(fields.options, &reader)
        try reader.finish()
        return try await fields.draft(check, InputResolver(services: services, user: user.id))
    }

    /// `POST /v1/workflows/validate`: everything but running it. A faulty workflow is what one asked about, so that it is no error.
    func validate(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let fields = WorkflowRequest(&reader)
        try reader.finish()
        do {
            let inputs = InputResolver(services: services, user: user.id)
            let checked = try await fields.checked(check, inputs)
            let graph = checked.graph
            let catalog = check.rules.catalog
            var report: JSON.Object = [
                "valid": true, "errors": [], "nodes": .number(graph.nodes.count),
                "outputs": .array(graph.outputNodes(catalog).map { .string($0) }),
                "pictures": .number(graph.pictureCount(catalog)),
                "checkpoint": graph.checkpoint.map { .string($0) } ?? .null,
            ]
            let draft = measured(fields.draft(of: checked, catalog))
            let estimate = await Estimator(services: services).estimate(of: draft)
            for (name, value) in estimate.members { report[name] = value }
            return .json(.object(report))
        } catch let error as WorkflowFaults {
            return .json(["valid": false, "errors": .array(error.faults.map(\.json))])
        }
    }

    /// An address that will not be called is refused now, not when the job is done.
    func check(_ options: JobOptions, _ reader: inout FieldReader) {
        guard let address = options.webhookURL, let url = URL(address) else { return }
        let hosts = services.configuration.webhookHosts
        if hosts.isEmpty {
            reader.refuse(
                "webhook_url", .notAllowed,
                "Webhooks are not enabled here: the operator lists whom they may call in WEBHOOK_ALLOWED_HOSTS."
            )
        } else if !hosts.allows(url) {
            reader.refuse(
                "webhook_url", .notAllowed,
                "'webhook_url' must be an address that this deployment may call, see WEBHOOK_ALLOWED_HOSTS.")
        } else if !services.addressGuard.permits(url) {
            reader.refuse(
                "webhook_url", .notAllowed, "'webhook_url' must be an https address of the public internet.")
        }
    }

    /// `subject` is what the path names, where that makes it another request.
    func submit(
        _ draft: JobDraft, _ body: JSON.Object, _ key: String?, _ request: APIRequest, _ user: User,
        subject: String? = nil
    ) async throws -> HTTPResponse {
        let repeatable = key.map {
            JobSubmission.Repeatable(
                key: $0, operation: request.operation + (subject.map { " \($0)" } ?? ""), body: body)
        }
        var page = try await JobSubmission(services: services)
            .submit(measured(draft), user: user, repeatable: repeatable)
        var headers: HTTPHeaders = ["Location": "/v1/jobs/\(page.job.id)"]
        if let wait = WaitPreference(request.http.headers) {
            page = try await finished(page, within: wait, request)
            headers["Preference-Applied"] = "wait=\(wait.seconds)"
        }
        return .json(
            try await JobPresenter(services: services).json(page),
            status: page.job.state.isFinal ? 200 : 202, headers: headers)
    }

    /// The job's page when it is finished, or as it is when the time is over.
    private func finished(_ page: JobDocuments.Page, within wait: WaitPreference, _ request: APIRequest)
        async throws -> JobDocuments.Page
    {
        // A moment is left to write the answer.
        let end = min(services.now + .seconds(wait.seconds), request.deadline - .seconds(1))
        let id = page.job.id
        var state = page.job.state
        while !state.isFinal, services.now < end {
            try await services.http.loop.sleep(for: min(.milliseconds(500), end - services.now))
            guard let job = try await services.store.job(id) else { break }
            state = job.state
        }
        return try await services.documents.page(id, at: services.now) ?? page
    }
}
