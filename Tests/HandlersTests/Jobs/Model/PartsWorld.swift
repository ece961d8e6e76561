@testable import Handlers

/// One moment of the model of a job that is run in two parts.
struct PartsWorld: Hashable {
    typealias Ref = ModelTable.Ref

    /// The job's item.
    var job: Ref
    /// The parts' items; nil is not made yet.
    var parts: [Ref?] = [nil, nil]
    /// The part that who submitted the job makes next; nil is done, or dead.
    var submitter: Int? = 0
    /// Whoever takes in what happened to a part: its dispatcher, the API, the sweep.
    var settlers: [Settler] = [.idle, .idle]
    /// The completion was on the topic at least once.
    var isPublished = false

    /// A settler between two calls of the table, as `JobParts.settle` makes them.
    enum Settler: Hashable {
        case idle
        /// Has the job, and not its parts yet: a query is no snapshot.
        case reading(Stage, Ref)
        case making
        /// These parts are still to be asked.
        case stopping([Int])
        case writing(job: Ref, parts: [Ref?])
        /// The ended parts that are still to be marked, and the job as it is then.
        case marking(job: Ref, parts: [Ref?])
        case publishing(Ref)
        case published(Ref)

        /// Why it reads.
        enum Stage: Hashable { case first, made, stopped }
    }

    /// Settlers are alike.
    mutating func order() {
        if settlers[1].hashValue < settlers[0].hashValue { settlers.swapAt(0, 1) }
    }
}
