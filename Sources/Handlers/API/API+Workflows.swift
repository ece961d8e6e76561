import HTTP

extension API {
    /// Stored workflows.
    static func templateRoutes(_ templates: TemplateRoutes) -> [Route] {
        [
            Route(
                .get, "/v1/workflows", "listWorkflows", .user(templates.list), scope: .templates,
                .listTemplates),
            Route(
                .post, "/v1/workflows", "createWorkflow", .user(templates.create), scope: .templates,
                .createTemplate),
            Route(
                .get, "/v1/workflows/{id}", "getWorkflow", .user(templates.show), scope: .templates,
                .template),
            Route(
                .put, "/v1/workflows/{id}", "replaceWorkflow", .user(templates.replace), scope: .templates,
                .replaceTemplate),
            Route(
                .delete, "/v1/workflows/{id}", "deleteWorkflow", .user(templates.delete), scope: .templates,
                .deleteTemplate),
            Route(
                .post, "/v1/workflows/{id}/execute", "executeStoredWorkflow", .user(templates.execute),
                scope: .jobsWrite, effect: .execution, .executeTemplate),
        ]
    }

    /// What the workers have and do.
    static func workerRoutes(_ workers: WorkerRoutes) -> [Route] {
        [
            Route(
                .get, "/v1/models", "listModelFolders", .user(workers.folders), scope: .jobsRead,
                .modelFolders),
            Route(
                .get, "/v1/models/{folder}", "listModels", .user(workers.models), scope: .jobsRead, .models),
            Route(.get, "/v1/queue", "getQueue", .user(workers.queue), scope: .jobsRead, .queue),
            Route(.get, "/v1/workers", "listWorkers", .user(workers.list), scope: .jobsRead, .workers),
            Route(
                .post, "/v1/admin/workers/{id}/drain", "drainWorker", .user(workers.drain), scope: .admin,
                .drainWorker),
            Route(
                .post, "/v1/admin/workers/{id}/undrain", "undrainWorker", .user(workers.undrain),
                scope: .admin, .undrainWorker),
        ]
    }
}
