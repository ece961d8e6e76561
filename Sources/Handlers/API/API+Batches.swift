import HTTP

extension API {
    /// Several jobs at once.
    static func batchRoutes(_ batches: BatchRoutes) -> [Route] {
        [
            Route(
                .post, "/v1/generate/batch", "generateBatch", .user(batches.create), scope: .jobsWrite,
                effect: .execution, .generateBatch),
            Route(.get, "/v1/batches/{id}", "getBatch", .user(batches.show), scope: .jobsRead, .batch),
            Route(
                .post, "/v1/batches/{id}/cancel", "cancelBatch", .user(batches.cancel), scope: .jobsWrite,
                .cancelBatch),
        ]
    }
}
