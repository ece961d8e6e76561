import ComfyUI
import HTTP
import LambdaRuntime

/// The HTTP API: the table of its routes. `docs/api.md` describes each.
enum API {
    /// Of the workers only what the sweep stored is read; none is ever called from here.
    /// `objectInfo` replaces that. `patience` is how long a dependency may take to be called ready.
    static func router(
        _ services: Services, _ access: Access? = nil,
        objectInfo: (@Sendable () async -> ObjectInfoDigest?)? = nil,
        patience: Duration = .seconds(2)
    ) -> Router {
        let access = access ?? Access(services)
        let registry = WorkerRegistry(services: services)
        let digest = ObjectInfoCache(clock: { services.now }, fetch: { try await registry.digest() })
        let check = WorkflowCheck(
            services.configuration, objectInfo: objectInfo ?? { await digest.current() })
        let submissions = SubmissionRoutes(services: services, check: check)
        let jobs = JobRoutes(services: services)
        let contract = ContractRoutes(services: services)
        let workers = WorkerRoutes(services: services, registry: registry)
        let health = HealthRoutes(services: services, registry: registry, patience: patience)
        let templates = TemplateRoutes(services: services, submissions: submissions)
        let batches = BatchRoutes(
            services: services, item: BatchItem(submissions: submissions, templates: templates))
        return Router(
            jobRoutes(submissions, jobs)
                + templateRoutes(templates)
                + batchRoutes(batches)
                + workerRoutes(workers) + healthRoutes(health)
                + metricsRoutes(services)
                + contractRoutes(contract)
                + accountRoutes(services, access)
                + adminRoutes(services, access)
                + webhookRoutes(services)
                + fileRoutes(services))
    }

    private static func jobRoutes(_ submissions: SubmissionRoutes, _ jobs: JobRoutes) -> [Route] {
        [
            Route(
                .post, "/v1/generate", "generate", .user(submissions.generate), scope: .jobsWrite,
                effect: .execution, .generate),
            Route(
                .get, "/v1/generate/{id}", "getGeneratedJob", .user(jobs.show), scope: .jobsRead, .job),
            Route(
                .get, "/v1/generate/{id}/image", "getGeneratedImage", .user(jobs.image), scope: .jobsRead,
                .jobImage),
            Route(
                .post, "/v1/workflows/execute", "executeWorkflow", .user(submissions.execute),
                scope: .jobsWrite, effect: .execution, .executeWorkflow),
            Route(
                .post, "/v1/workflows/validate", "validateWorkflow", .user(submissions.validate),
                scope: .jobsRead, effect: .read, .validateWorkflow),
            Route(.get, "/v1/jobs", "listJobs", .user(jobs.list), scope: .jobsRead, .jobList),
            Route(.get, "/v1/jobs/{id}", "getJob", .user(jobs.show), scope: .jobsRead, .job),
            Route(
                .delete, "/v1/jobs/{id}", "deleteJob", .user(jobs.delete), scope: .jobsWrite, .deleteJob),
            Route(
                .get, "/v1/jobs/{id}/image", "getJobImage", .user(jobs.image), scope: .jobsRead, .jobImage),
            Route(
                .get, "/v1/jobs/{id}/events", "getJobEvents", .events(jobs.events), scope: .jobsRead,
                .jobEvents),
            Route(
                .post, "/v1/jobs/{id}/cancel", "cancelJob", .user(jobs.cancel), scope: .jobsWrite, .cancelJob),
        ]
    }

    private static func healthRoutes(_ health: HealthRoutes) -> [Route] {
        [
            Route(.get, "/health", "getHealth", .open(health.live), .liveness),
            Route(.get, "/health/live", "getLiveness", .open(health.live), .liveness),
            Route(.get, "/health/liveness", "getLivenessLong", .open(health.live), .liveness),
            Route(.get, "/health/ready", "getReadiness", .open(health.ready), .readiness),
            Route(.get, "/health/readiness", "getReadinessLong", .open(health.ready), .readiness),
        ]
    }

    private static func metricsRoutes(_ services: Services) -> [Route] {
        let metrics = MetricsRoute(services: services)
        return [
            Route(.get, "/metrics", "getMetrics", .user(metrics.show), scope: .metrics, .metrics)
        ]
    }

    private static func contractRoutes(_ contract: ContractRoutes) -> [Route] {
        [
            Route(.get, "/openapi.json", "getContract", .open(contract.openAPI), .contract),
            Route(.get, "/docs", "getDocs", .open(contract.docs), .docs),
        ]
    }
}
