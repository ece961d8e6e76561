import AWSClients
import Crypto
import Time

/// Several jobs that were asked for at once: which, and what was refused.
struct BatchRecord: Sendable, Hashable {
    /// What became of an item of the request.
    enum Entry: Sendable, Hashable {
        case job(Job.ID)
        /// With the error's code. What was wrong with it quotes what its user wrote, and is told once.
        case refused(code: String)
    }

    let id: UUID
    let user: String
    let createdAt: Timestamp
    /// In the order of the request.
    let entries: [Entry]
    /// When the table may forget it: when it would have forgotten the jobs.
    let expires: Timestamp

    /// Items of one request.
    static let maximumItems = 25

    /// The jobs, each with the number of its item.
    var jobs: [(index: Int, id: Job.ID)] {
        entries.enumerated().compactMap { index, entry in
            if case .job(let id) = entry { (index, id) } else { nil }
        }
    }

    /// The job of an item: of the same time as the batch, in the order of the items, and the same whoever makes it. So a
    /// request that is repeated after a crash in its middle makes what is missing and nothing twice.
    static func jobID(_ batch: UUID, item: Int) -> Job.ID {
        var bytes = Array(batch.bytes.prefix(6)) + [0x70, UInt8(truncatingIfNeeded: item)]
        bytes += SHA256.hash(Array("batch".utf8) + batch.bytes + [UInt8(truncatingIfNeeded: item)]).prefix(8)
        bytes[8] = bytes[8] & 0x3F | 0x80
        guard let uuid = UUID(bytes: bytes) else { preconditionFailure("sixteen bytes are a UUID") }
        return Job.ID(uuid)
    }
}

extension BatchRecord {
    static func key(_ id: UUID) -> Item { ["pk": .s("BATCH#\(id)"), "sk": .s("BATCH")] }

    var item: Item {
        var item = Self.key(id)
        item["user"] = .s(user)
        item["created_at"] = .n(createdAt.milliseconds)
        item["entries"] = .l(
            entries.map { entry in
                switch entry {
                case .job(let id): .s("\(id)")
                case .refused(let code): .m(["code": .s(code)])
                }
            })
        item[TableDefinition.timeToLiveAttribute] = .n(expires.seconds)
        return item
    }

    /// nil for an item that is none.
    init?(_ item: Item, id: UUID) {
        guard let user = item["user"]?.string, let created = item["created_at"]?.int64,
            let list = item["entries"]?.list,
            let expires = item[TableDefinition.timeToLiveAttribute]?.int64
        else { return nil }
        self.id = id
        self.user = user
        createdAt = Timestamp(milliseconds: created)
        self.expires = Timestamp(milliseconds: expires * 1000)
        entries = list.compactMap { value in
            if let id = value.string.flatMap({ Job.ID($0) }) { return .job(id) }
            guard let map = value.map, let code = map["code"]?.string else { return nil }
            return .refused(code: code)
        }
        guard entries.count == list.count else { return nil }
    }
}

/// Batches in the table; none is ever changed.
struct BatchStore: Sendable {
    let dynamoDB: DynamoDB
    let table: String

    /// False when there is one under this id already.
    func create(_ record: BatchRecord) async throws(AWSError) -> Bool {
        do {
            try await dynamoDB.put(record.item, into: table, condition: .notExists("pk"))
            return true
        } catch  where error.code == .conditionalCheckFailed {
            return false
        }
    }

    /// nil when there is none, or its time is over.
    func record(_ id: UUID, at now: Timestamp) async throws(AWSError) -> BatchRecord? {
        guard let item = try await dynamoDB.get(BatchRecord.key(id), from: table),
            let record = BatchRecord(item, id: id), now < record.expires
        else { return nil }
        return record
    }

    /// The jobs of a batch that are there, as they are now; with `deletedToo` also what is left of those that their user
    /// has deleted.
    func jobs(of record: BatchRecord, in store: JobStore, deletedToo: Bool = false) async throws(AWSError)
        -> [Job.ID: Job]
    {
        let keys = record.jobs.map { JobItem.key($0.id) }
        if keys.isEmpty { return [:] }
        var jobs: [Job.ID: Job] = [:]
        for item in try await dynamoDB.batchGet(keys, from: table) {
            let job = try store.decode(item)
            if let expires = job.expiresAt, expires <= store.clock() { continue }
            if job.deletedAt != nil, !deletedToo { continue }
            jobs[job.id] = job
        }
        return jobs
    }
}
