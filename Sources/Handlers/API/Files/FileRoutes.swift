import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Time

/// One's own files: pictures that workflows load.
struct FileRoutes: Sendable {
    let services: Services

    enum Fields {
        static let filename = Field(required: "filename", .text(1...255))
        static let contentType = Field(required: "content_type", .choice(PictureCheck.Format.png))
        static let bytes = Field(
            required: "bytes", FieldType<Int>.integer(1...FileStore.maximumBytes))
        static let limit = Field("limit", FieldType<Int>.integer(1...100, textual: true), default: 20)
        static let cursor = Field<UUID?>("cursor", .cursor, default: nil)
    }

    private var store: FileStore { FileStore(services) }

    /// `POST /v1/files`: the answer says how to upload it.
    func create(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let name = reader.read(Fields.filename)
        let type = reader.read(Fields.contentType)
        let bytes = reader.read(Fields.bytes)
        try reader.finish()
        guard try await !store.isFull(user.id, at: services.now) else {
            throw APIError(
                .conflict, "You have \(FileStore.maximumFiles) files, which is as many as there may be.")
        }
        let file = try await store.create(name: name, type: type, bytes: bytes, of: user.id, at: services.now)
        let upload = try await store.upload(of: file)
        var answer = file.json.object ?? [:]
        var headers: JSON.Object = [:]
        for (name, value) in upload.headers { headers[name] = .string(value) }
        answer["upload"] = [
            "method": "PUT", "url": .string(upload.url), "headers": .object(headers),
            "expires_at": .string(upload.expires.rfc3339),
        ]
        return .json(.object(answer), status: 201, headers: ["Location": "/v1/files/\(file.id)"])
    }

    /// `GET /v1/files`.
    func list(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(query: request.http.query)
        let limit = reader.read(Fields.limit)
        let cursor = reader.read(Fields.cursor)
        try reader.finish()
        let page = try await store.list(user.id, limit: limit, after: cursor, at: services.now)
        return .json([
            "files": .array(page.files.map(\.json)),
            "next_cursor": page.next.map { .string(ListCursor.encode($0)) } ?? .null,
        ])
    }

    /// `GET /v1/files/{id}`: looks whether it is uploaded by now.
    func show(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        guard let id = id(request),
            let file = try await store.file(
                id, of: user.id, at: services.now, keeping: !request.readsOnly)
        else { throw Self.noSuchFile }
        var answer = file.json.object ?? [:]
        if case .ready = file.state {
            let download = try await store.download(of: file)
            answer["url"] = .string(download.url)
            answer["url_expires_at"] = .string(download.expires.rfc3339)
        } else {
            answer["url"] = .null
            answer["url_expires_at"] = .null
        }
        return .json(.object(answer))
    }

    /// `DELETE /v1/files/{id}`.
    func delete(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        guard let id = id(request), let file = try await store.known(id, of: user.id, at: services.now) else {
            throw Self.noSuchFile
        }
        try await store.delete(file)
        return HTTPResponse(status: 204)
    }

    private func id(_ request: APIRequest) -> UUID? { request.parameters["id"].flatMap { UUID($0) } }

    private static let noSuchFile = APIError(.notFound, "There is no such file.")
}

extension StoredFile {
    fileprivate var json: JSON {
        var json: JSON.Object = [
            "file_id": .string("\(id)"), "filename": .string(name), "content_type": .string(contentType),
            "bytes": .number(bytes), "status": "pending", "reason": .null, "width": .null, "height": .null,
            "created_at": .string(createdAt.rfc3339), "expires_at": .string(expiresAt.rfc3339),
        ]
        switch state {
        case .pending: break
        case .ready(_, let width, let height):
            json["status"] = "ready"
            json["width"] = .number(width)
            json["height"] = .number(height)
        case .rejected(let reason):
            json["status"] = "rejected"
            json["reason"] = .string(reason)
        }
        return .object(json)
    }
}
