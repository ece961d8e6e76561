import AWSClients
import Crypto
import Time

/// One webhook of one job: what was tried, and when the next try is due.
struct Delivery: Sendable, Hashable {
    /// How it stands.
    enum State: String, Sendable, CaseIterable {
        /// To be sent, or sent again.
        case pending
        /// The receiver took it: any 2xx.
        case delivered
        /// The receiver wants no more of it (410), or its tries are used up.
        case failed
    }

    let job: Job.ID
    /// `job.completed` and its like.
    let event: String
    var url: String
    var state: State = .pending
    /// Tries begun.
    var attempts = 0
    /// Of the next try; nil when there will be none.
    var dueAt: Timestamp?
    /// What the last try came to: a status, or why there was none.
    var result: String?
    var expiresAt: Timestamp?

    /// The delivery of a final job's completion, due now; nil without a webhook.
    init?(_ job: Job, event: String, at now: Timestamp) {
        guard let url = job.webhookURL else { return nil }
        self.job = job.id
        self.event = event
        self.url = url
        dueAt = now
        expiresAt = job.expiresAt
    }

    /// Stays the same over all tries, so that a receiver knows a message that it has had.
    /// No full stop is in it: those set its parts off from one another where it is signed.
    var messageID: String {
        "\(job)-" + event.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "-")
    }

    /// The waits after the first try, second try …: nine tries within 24 hours.
    static let waits: [Duration] = [60, 300, 1_800, 7_200, 14_400, 18_000, 21_600, 21_600].map {
        .seconds($0)
    }

    /// The same message once more, as if it had never been tried.
    func again(at now: Timestamp) -> Delivery {
        var again = self
        again.state = .pending
        again.attempts = 0
        again.dueAt = now
        return again
    }

    /// When the try after the `attempts`-th is due; nil after the last.
    static func next(after attempts: Int, at now: Timestamp) -> Timestamp? {
        waits.indices.contains(attempts - 1) ? now + waits[attempts - 1] : nil
    }
}

extension Delivery {
    static let sortKeyPrefix = "DELIVERY#"

    /// nil when the sort key is another item's.
    static func event(inSortKey sortKey: String) -> String? {
        sortKey.hasPrefix(sortKeyPrefix) ? String(sortKey.dropFirst(sortKeyPrefix.count)) : nil
    }

    static func key(_ job: Job.ID, event: String) -> Item {
        ["pk": .s(JobItem.partition(job)), "sk": .s(sortKeyPrefix + event)]
    }

    /// Its item. While a try is to come it stands in the `open_work` index, where the sweep finds it.
    var item: Item {
        var item = Self.key(job, event: event)
        item["url"] = .s(url)
        item["state"] = .s(state.rawValue)
        item["attempts"] = .n(attempts)
        item["result"] = result.map { .s($0) }
        if let expiresAt { item[TableDefinition.timeToLiveAttribute] = .n(expiresAt.seconds) }
        if let dueAt {
            item["due_at"] = .n(dueAt.milliseconds)
            item["open_pk"] = .s(JobItem.openPartition(of: job))
            item["open_sk"] = .s(JobItem.sortable(dueAt))
        }
        return item
    }

    /// nil when it is no delivery's item.
    init?(_ item: Item) {
        guard let id = (item["pk"]?.string).flatMap({ JobItem.id(inPartition: $0) }),
            let event = (item["sk"]?.string).flatMap(Self.event(inSortKey:)), let url = item["url"]?.string,
            let state = (item["state"]?.string).flatMap({ State(rawValue: $0) }),
            let attempts = item["attempts"]?.int
        else { return nil }
        job = id
        self.event = event
        self.url = url
        self.state = state
        self.attempts = attempts
        result = item["result"]?.string
        dueAt = (item["due_at"]?.int64).map { Timestamp(milliseconds: $0) }
        expiresAt = (item[TableDefinition.timeToLiveAttribute]?.int64)
            .map { Timestamp(milliseconds: $0 * 1000) }
    }
}
