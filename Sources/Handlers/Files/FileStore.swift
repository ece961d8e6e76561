import AWSClients
import Crypto
import HTTP
import Time

/// Users' files: an item each, and the object that the user puts into the bucket with an address signed for it.
///
/// Nobody tells when an upload has ended: whoever asks for a file that is pending looks whether it is there, looks at it, and pins
/// what was looked at by its ETag. A later object under the same key is another one, and not read.
struct FileStore: Sendable {
    private let dynamoDB: DynamoDB
    private let s3: S3
    private let configuration: Configuration

    init(_ services: Services) {
        dynamoDB = services.store.dynamoDB
        s3 = services.s3
        configuration = services.configuration
    }

    /// Of one file.
    static let maximumBytes = 100 << 20
    /// Of one user, those pending included.
    static let maximumFiles = 500
    /// How long the address of an upload holds.
    static let uploadTime: Duration = .seconds(900)

    private var table: String { configuration.table }
    private var bucket: String { configuration.bucket }

    /// A file to be uploaded. It is forgotten when that does not happen.
    func create(name: String, type: PictureCheck.Format, bytes: Int, of user: String, at now: Timestamp)
        async throws(AWSError) -> StoredFile
    {
        let file = StoredFile(
            id: .v7(milliseconds: now.milliseconds), user: user, name: name, contentType: type.rawValue,
            bytes: bytes, state: .pending, createdAt: now, expiresAt: now + Self.uploadTime * 4)
        try await dynamoDB.put(file.item, into: table)
        return file
    }

    /// What lets a user put this file, once: size, type and that there is none are part of the signature.
    func upload(of file: StoredFile) async throws(AWSError) -> S3.Presigned {
        try await s3.presignPut(
            bucket: bucket, key: file.key, expiresIn: Self.uploadTime, contentType: file.contentType,
            contentLength: file.bytes, onlyIfAbsent: true)
    }

    /// What lets a user read it.
    func download(of file: StoredFile) async throws(AWSError) -> S3.Presigned {
        try await s3.presignGet(bucket: bucket, key: file.key, expiresIn: configuration.urlLifetime)
    }

    /// A file that came with a request, looked at already; it lasts until `expires`.
    func store(_ bytes: [UInt8], as file: StoredFile) async throws(AWSError) {
        guard case .ready(_, let width, let height) = file.state else { return }
        let stored = try await s3.put(
            bytes, bucket: bucket, key: file.key, options: .init(contentType: file.contentType))
        var file = file
        file.state = .ready(etag: stored.etag ?? "", width: width, height: height)
        try await dynamoDB.put(file.item, into: table)
    }

    /// The user's file as it is now, its upload looked at if it has ended; nil when there is none, or its time is over.
    ///
    /// What the look finds is kept, unless `keeping` is false: for those who may not write. Then the next look is the first one again.
    func file(_ id: UUID, of user: String, at now: Timestamp, keeping: Bool = true) async throws(AWSError)
        -> StoredFile?
    {
        guard let file = try await known(id, of: user, at: now) else { return nil }
        return file.state == .pending ? try await settle(file, keeping: keeping) : file
    }

    /// The same as it is known, without a look into the bucket.
    func known(_ id: UUID, of user: String, at now: Timestamp) async throws(AWSError) -> StoredFile? {
        guard let item = try await dynamoDB.get(StoredFile.itemKey(id, of: user), from: table),
            let file = StoredFile(item, of: user), file.expiresAt > now
        else { return nil }
        return file
    }

    /// Its bytes, as long as it is the object that was looked at: `preconditionFailed` otherwise.
    func body(of file: StoredFile) async throws(AWSError) -> S3.Body? {
        guard case .ready(let etag, _, _) = file.state else { return nil }
        var options = S3.GetOptions()
        options.onlyIfMatches = etag
        return try await s3.stream(bucket: bucket, key: file.key, options: options)
    }

    /// One page of a user's files, newest first, after the file `after` (exclusive).
    func list(_ user: String, limit: Int, after: UUID?, at now: Timestamp) async throws(AWSError) -> (
        files: [StoredFile], next: UUID?
    ) {
        var query = query(user)
        query.ascending = false
        query.limit = limit
        query.startKey = after.map { StoredFile.itemKey($0, of: user) }
        let page = try await dynamoDB.query(query)
        let files = page.items.compactMap { StoredFile($0, of: user) }
        return (files.filter { $0.expiresAt > now }, page.lastKey == nil ? nil : files.last?.id)
    }

    /// Whether the user may have no more. Those whose time is over do not count, though the table keeps them a while longer.
    func isFull(_ user: String, at now: Timestamp) async throws(AWSError) -> Bool {
        var query = query(user)
        query.filter = .greater(.init(names: TableDefinition.timeToLiveAttribute), .n(now.seconds))
        query.countOnly = true
        return try await dynamoDB.query(query).count >= Self.maximumFiles
    }

    /// The object goes first: what is listed can be deleted again.
    func delete(_ file: StoredFile) async throws(AWSError) {
        try await s3.delete(bucket: bucket, key: file.key)
        try await dynamoDB.delete(StoredFile.itemKey(file.id, of: file.user), from: table)
    }

    private func query(_ user: String) -> DynamoDB.Query {
        DynamoDB.Query(
            table: table,
            where: .and([
                .equals("pk", .s(Account.partition(user))), .beginsWith("sk", StoredFile.sortKeyPrefix),
            ]))
    }

    // MARK: The look at an upload

    private func settle(_ pending: StoredFile, keeping: Bool) async throws(AWSError) -> StoredFile {
        guard let object = try await s3.head(bucket: bucket, key: pending.key), let etag = object.etag,
            let size = object.size
        else { return pending }
        var head: [UInt8] = []
        if size == pending.bytes {
            guard let read = try await self.head(of: pending, etag) else { return pending }
            head = read
        }
        var file = pending
        do throws(PictureCheck.Refusal) {
            let picture = try look(at: head, size, pending)
            file.state = .ready(etag: etag, width: picture.width, height: picture.height)
            file.expiresAt = pending.createdAt + configuration.policy.retention
        } catch {
            file.state = .rejected(reason: "The file \(error.reason).")
            if keeping { try await s3.delete(bucket: bucket, key: pending.key) }
        }
        guard keeping else { return file }
        do {
            try await dynamoDB.put(file.item, into: table, condition: .equals("state", .s("pending")))
        } catch  where error.code == .conditionalCheckFailed {
            // Somebody else looked at the same moment, or it was deleted.
            let found = try await dynamoDB.get(StoredFile.itemKey(file.id, of: file.user), from: table)
            return found.flatMap { StoredFile($0, of: file.user) } ?? pending
        }
        return file
    }

    private func look(at head: [UInt8], _ size: Int, _ file: StoredFile) throws(PictureCheck.Refusal)
        -> PictureCheck
    {
        guard size == file.bytes else {
            throw .init(
                code: "wrong_size", reason: "has \(size) bytes and not the \(file.bytes) announced")
        }
        let picture = try PictureCheck(head: head, maximumPixels: configuration.maximumImagePixels)
        guard picture.type.contentType == file.contentType else {
            throw .init(
                code: "wrong_type",
                reason: "is \(picture.type.contentType) and not the \(file.contentType) announced")
        }
        return picture
    }

    /// nil when the object is another one by now.
    private func head(of file: StoredFile, _ etag: String) async throws(AWSError) -> [UInt8]? {
        var options = S3.GetOptions()
        options.range = .bytes(0...min(file.bytes, MediaType.headLength) - 1)
        options.onlyIfMatches = etag
        do {
            return try await s3.get(
                bucket: bucket, key: file.key, limit: MediaType.headLength, options: options)
        } catch  where error.code == .preconditionFailed || error.code == .noSuchKey {
            return nil
        }
    }
}
