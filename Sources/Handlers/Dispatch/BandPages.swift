import AWSClients
import JSON
import Telemetry

/// Reads a band's shards page by page, all shards at once, and merges them by age.
///
/// A shard that cannot be read now is left out: what waits there is seen by the next look, and hides nobody else.
struct BandPages: Sendable {
    let band: Job.Band
    private var startKeys: [Int: Item] = [:]
    private var finished: Set<Int> = []

    init(band: Job.Band) { self.band = band }

    var isAtEnd: Bool { finished.count == JobItem.queueShards }

    /// Throws when no shard can be read.
    mutating func next(_ store: JobStore, limit: Int) async throws(AWSError) -> [Candidate] {
        let shards = (0..<JobItem.queueShards).filter { !finished.contains($0) }
        let queries = shards.map { shard in
            var query = DynamoDB.Query(
                table: store.table, index: TableDefinition.queue.name,
                where: .equals("queue_pk", .s(JobItem.queuePartition(band, shard: shard))))
            query.limit = limit
            query.startKey = startKeys[shard]
            return (shard, query)
        }
        let pages = await withTaskGroup(of: ShardPage.self) { group in
            for (shard, query) in queries {
                group.addTask { await Self.page(of: shard, query, store) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var candidates: [Candidate] = []
        var failures: [AWSError] = []
        for answer in pages {
            switch answer.page {
            case .success(let page):
                candidates += page.items.compactMap { Candidate($0, in: band) }
                startKeys[answer.shard] = page.lastKey
                if page.lastKey == nil { finished.insert(answer.shard) }
            case .failure(let error):
                failures.append(error)
                finished.insert(answer.shard)
            }
        }
        if let failure = failures.first {
            if failures.count == pages.count { throw failure }
            Log.warn(
                "part of the queue not read",
                [
                    "band": .string("\(band)"), "shards": .number(failures.count),
                    "error": .string("\(failure)"),
                ])
        }
        return candidates.sorted { ($0.queuedAt, "\($0.id)") < ($1.queuedAt, "\($1.id)") }
    }

    /// The heads of all shards, and how to go on from there.
    static func firstLook(at band: Job.Band, in store: JobStore, limit: Int) async
        -> Result<SharedLooks.Look, AWSError>
    {
        var pages = BandPages(band: band)
        do throws(AWSError) {
            let candidates = try await pages.next(store, limit: limit)
            return .success(.init(pages: pages, candidates: candidates))
        } catch {
            return .failure(error)
        }
    }

    private struct ShardPage: Sendable {
        let shard: Int
        let page: Result<DynamoDB.Page, AWSError>
    }

    private static func page(of shard: Int, _ query: DynamoDB.Query, _ store: JobStore) async -> ShardPage {
        do throws(AWSError) {
            return ShardPage(shard: shard, page: .success(try await store.dynamoDB.query(query)))
        } catch {
            return ShardPage(shard: shard, page: .failure(error))
        }
    }
}
