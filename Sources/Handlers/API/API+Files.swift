import HTTP

extension API {
    /// What users put there for their workflows.
    static func fileRoutes(_ services: Services) -> [Route] {
        let files = FileRoutes(services: services)
        return [
            Route(.get, "/v1/files", "listFiles", .user(files.list), scope: .files, .listFiles),
            Route(.post, "/v1/files", "createFile", .user(files.create), scope: .files, .createFile),
            Route(.get, "/v1/files/{id}", "getFile", .user(files.show), scope: .files, .file),
            Route(.delete, "/v1/files/{id}", "deleteFile", .user(files.delete), scope: .files, .deleteFile),
        ]
    }
}
