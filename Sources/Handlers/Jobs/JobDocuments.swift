import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Time

/// What belongs to a job and is not its item: the workflow, the metadata, the progress, what a run has stored.
///
/// They share the job's partition, so that one query reads a job with what its page shows; the sort keys of the workflow
/// and of a run's outputs lie outside of that range, because nobody who looks at a job wants them.
struct JobDocuments: Sendable {
    let dynamoDB: DynamoDB
    let s3: S3
    let table: String
    let bucket: String

    /// Compressed workflows above this many bytes go to the bucket.
    static let inlineLimit = 16 << 10
    /// A stored workflow larger than this is none of ours.
    static let workflowLimit = 8 << 20

    /// The table and the bucket of the deployment.
    init(_ dynamoDB: DynamoDB, _ s3: S3, table: String, bucket: String) {
        self.dynamoDB = dynamoDB
        self.s3 = s3
        self.table = table
        self.bucket = bucket
    }

    /// A job with what its page shows.
    struct Page: Sendable {
        var job: Job
        var metadata: JSON?
        /// Of the running attempt, or of all parts together; nil before the first frame.
        var progress: JSON?
        /// Of a job that is run in parts.
        var parts: [Job] = []
        /// Of what runs now: the job, or parts of it.
        var previews: [Job.ID: Preview] = [:]
    }

    /// One strongly consistent query; nil when there is no such job, its time is over, or its user has deleted it, unless
    /// `deletedToo`: its end is told of all the same.
    func page(_ id: Job.ID, at now: Timestamp, deletedToo: Bool = false) async throws(AWSError) -> Page? {
        var query = DynamoDB.Query(
            table: table,
            where: .and([
                .equals("pk", .s(JobItem.partition(id))),
                .between("sk", .s(JobItem.sortKey), .s(Self.progressName + "~")),
            ]))
        query.consistent = true
        var items: [String: Item] = [:]
        for try await page in dynamoDB.pages(query) {
            for item in page.items { items[item["sk"]?.string ?? ""] = item }
        }
        guard let item = items[JobItem.sortKey] else { return nil }
        let job = try Self.job(item)
        if let expiresAt = job.expiresAt, expiresAt <= now { return nil }
        if job.deletedAt != nil, !deletedToo { return nil }
        func progress(of job: Job) -> JSON? {
            items[Self.sortKey(Self.progressName, of: job.id.part)].flatMap {
                Self.progress($0, attempt: job.attempt)
            }
        }
        func preview(of job: Job) -> Preview? {
            guard job.wantsPreviews, job.state == .running else { return nil }
            return items[Self.sortKey(Self.progressName, of: job.id.part)].flatMap {
                Self.preview($0, attempt: job.attempt)
            }
        }
        var page = Page(
            job: job, metadata: items["METADATA"].flatMap(Self.document), progress: progress(of: job))
        page.previews[job.id] = preview(of: job)
        if job.hasParts {
            let family = try Self.family(job, items.values)
            var documents: [Int: JSON] = [:]
            for part in family.parts {
                documents[part.id.part ?? 0] = progress(of: part)
                page.previews[part.id] = preview(of: part)
            }
            page.parts = family.parts
            page.progress = family.progress(documents)
        }
        return page
    }

    /// A job with its parts, strongly consistent: a part that had ended before is seen to have. nil when there is no such job.
    func family(_ id: Job.ID) async throws(AWSError) -> JobFamily? {
        var query = DynamoDB.Query(
            table: table,
            where: .and([
                .equals("pk", .s(JobItem.partition(id))), .between("sk", .s(JobItem.sortKey), .s("PART~")),
            ]))
        query.consistent = true
        var items: [Item] = []
        for try await page in dynamoDB.pages(query) { items += page.items }
        guard let item = items.first(where: { $0["sk"]?.string == JobItem.sortKey }) else { return nil }
        return try Self.family(try Self.job(item), items)
    }

    private static func family(_ job: Job, _ items: some Sequence<Item>) throws(AWSError) -> JobFamily {
        var parts: [Job] = []
        for item in items where JobItem.id(of: item)?.part != nil { parts.append(try Self.job(item)) }
        return JobFamily(job: job, parts: parts.sorted { ($0.id.part ?? 0) < ($1.id.part ?? 0) })
    }

    private static func job(_ item: Item) throws(AWSError) -> Job {
        do {
            return try JobItem.decode(item)
        } catch {
            throw AWSError(.malformedResponse, "\(error)", service: "dynamodb", operation: "Query")
        }
    }

    private static let progressName = "PROGRESS"
    private static let storedName = "STORED"

    /// A part's documents stand behind its job's, in the same partition.
    private static func sortKey(_ name: String, of part: Int?) -> String {
        part.map { "\(name)#\($0)" } ?? name
    }

    /// How far an attempt had come when it was last written; nil before its first frame.
    func progress(_ id: Job.ID, attempt: Int) async throws(AWSError) -> JSON? {
        try await dynamoDB.get(key(id, Self.sortKey(Self.progressName, of: id.part), nil), from: table)
            .flatMap { Self.progress($0, attempt: attempt) }
    }

    /// An earlier attempt's progress is no progress of this one.
    private static func progress(_ item: Item, attempt: Int) -> JSON? {
        item["attempt"]?.int == attempt ? document(item) : nil
    }

    private static func preview(_ item: Item, attempt: Int) -> Preview? {
        item["attempt"]?.int == attempt ? item["preview"].flatMap { Preview($0) } : nil
    }

    private static func document(_ item: Item) -> JSON? {
        (item["document"]?.string).flatMap { try? JSON(parsing: $0) }
    }

    /// Written before the job item, so that a claimed job always has its workflow.
    func store(workflow: JSON, metadata: JSON?, for job: Job, expires: Timestamp)
        async throws(AWSError)
    {
        var item = key(job.id, "WORKFLOW", expires)
        let compressed = Gzip.compress(workflow.serialized())
        if compressed.count <= Self.inlineLimit {
            item["gzip"] = .b(compressed)
        } else {
            let name = OutputKey.workflow(user: job.user, job: job.id)
            try await s3.put(
                compressed, bucket: bucket, key: name, options: .init(contentType: "application/gzip"))
            item["s3_key"] = .s(name)
        }
        try await dynamoDB.put(item, into: table)
        if let metadata {
            var item = key(job.id, "METADATA", expires)
            item["document"] = .s(metadata.text)
            try await dynamoDB.put(item, into: table)
        }
    }

    /// The workflow as it was validated, or the part of it that a part of the job runs; nil when it is gone.
    func workflow(_ id: Job.ID) async throws(AWSError) -> WorkflowGraph? {
        guard let item = try await dynamoDB.get(key(id, "WORKFLOW", nil), from: table) else { return nil }
        var compressed = item["gzip"]?.bytes
        if let name = item["s3_key"]?.string {
            do {
                compressed = try await s3.get(bucket: bucket, key: name, limit: Self.workflowLimit)
            } catch  where error.code == .noSuchKey {
                return nil
            }
        }
        guard let compressed,
            let bytes = Gzip.decompress(compressed, limit: Self.workflowLimit),
            let json = try? JSON(parsing: bytes)
        else { return nil }
        guard let graph = try? WorkflowGraph(normalizing: json) else { return nil }
        guard let part = id.part else { return graph }
        let components = graph.components
        return components.indices.contains(part) ? components[part] : nil
    }

    /// Overwrites the progress, and what it shows; its own item in no index, so that it costs one write unit and collides with nothing.
    func store(
        progress: JSON, preview: Preview? = nil, of attempt: Int, for id: Job.ID, expires: Timestamp
    ) async throws(AWSError) {
        var item = key(id, Self.sortKey(Self.progressName, of: id.part), expires)
        item["attempt"] = .n(attempt)
        item["document"] = .s(progress.text)
        item["preview"] = preview?.attribute
        try await dynamoDB.put(item, into: table)
    }

    /// What an attempt has in the bucket while it still runs, by `OutputSource.id`; overwritten as it grows.
    func store(outputs: [UUID: Job.Output], of attempt: Int, for id: Job.ID, expires: Timestamp)
        async throws(AWSError)
    {
        var item = key(id, Self.sortKey(Self.storedName, of: id.part), expires)
        item["attempt"] = .n(attempt)
        item["outputs"] = .m(
            Dictionary(uniqueKeysWithValues: outputs.map { ("\($0.key)", JobItem.encode($0.value)) }))
        try await dynamoDB.put(item, into: table)
    }

    /// What `store(outputs:)` wrote last of this attempt.
    func storedOutputs(of id: Job.ID, attempt: Int) async throws(AWSError) -> [UUID: Job.Output] {
        let item = try await dynamoDB.get(
            key(id, Self.sortKey(Self.storedName, of: id.part), nil), from: table)
        guard let item, item["attempt"]?.int == attempt else { return [:] }
        var outputs: [UUID: Job.Output] = [:]
        for (name, value) in item["outputs"]?.map ?? [:] {
            if let source = UUID(name), let output = try? JobItem.decodeOutput(value) {
                outputs[source] = output
            }
        }
        return outputs
    }

    private func key(_ id: Job.ID, _ sortKey: String, _ expires: Timestamp?) -> Item {
        var item: Item = ["pk": .s(JobItem.partition(id)), "sk": .s(sortKey)]
        if let expires { item[TableDefinition.timeToLiveAttribute] = .n(expires.seconds) }
        return item
    }
}
