@testable import Handlers

/// One moment of the model: the table's items, and where each participant is.
struct ModelWorld: Hashable {
    typealias Ref = ModelTable.Ref

    /// The job's item.
    var job: Ref
    /// Two slots on two workers.
    var slots = [Slot(), Slot()]
    var dispatchers: [Dispatcher] = [.idle, .idle]
    var sweeper = Sweeper.idle
    var user = User.waiting
    /// Attempts whose `POST /prompt` was sent, as bits.
    var posted = 0
    /// Deaths, and lapses of leases, that may still happen.
    var faults: Int
    /// The completion was on the topic at least once.
    var isPublished = false

    /// A slot's item.
    struct Slot: Hashable {
        var token: Int?
        /// It names the job: an expired lease of it is the job's.
        var namesJob = false
        var isExpired = false
    }

    /// What a dispatcher believes to hold.
    struct Hold: Hashable {
        var slot: Int
        var token: Int
    }

    /// A dispatcher, between two calls of its own. `Ref` is the job as it last saw it.
    enum Dispatcher: Hashable {
        case idle
        /// Took a slot, and saw the job in the queue.
        case readQueued(Hold, Ref)
        /// The slot names the job; the job does not know yet.
        case assigned(Hold, Ref)
        /// Of a claim that counts the attempt, whose two writes go side by side: the job is claimed, and the slot does not name it yet.
        case unnamed(Hold, Ref)
        /// Somebody else has the slot, and the job's write is on its way.
        case slotLost(Hold, Ref)
        /// The job is claimed under a slot that somebody else has.
        case misplaced(Hold, Ref)
        case claimed(Hold, Ref)
        /// The attempt is written, `POST /prompt` not yet sent.
        case marked(Hold, Ref)
        case watching(Hold, Ref)
        /// The end is written, and not on the topic yet.
        case announcing(Hold, Ref)
        case published(Hold, Ref)
        case freeing(Hold)
        /// Took over an expired slot from the run with that token; the job does not know the new one yet.
        case tookOver(Hold, String)

        var hold: Hold? {
            switch self {
            case .idle: nil
            case .readQueued(let hold, _), .assigned(let hold, _),
                .unnamed(let hold, _), .slotLost(let hold, _), .misplaced(let hold, _),
                .claimed(let hold, _), .marked(let hold, _), .watching(let hold, _),
                .announcing(let hold, _), .published(let hold, _), .freeing(let hold),
                .tookOver(let hold, _):
                hold
            }
        }

        /// The job as it last saw it.
        var job: Ref? {
            switch self {
            case .idle, .freeing, .tookOver: nil
            case .readQueued(_, let job), .assigned(_, let job), .unnamed(_, let job),
                .slotLost(_, let job), .misplaced(_, let job), .claimed(_, let job), .marked(_, let job),
                .watching(_, let job), .announcing(_, let job), .published(_, let job):
                job
            }
        }

        /// Dispatchers are alike: only how far they are tells two moments apart.
        fileprivate var rank: [Int] {
            let stage =
                switch self {
                case .idle: 0
                case .readQueued: 1
                case .assigned: 2
                case .claimed: 3
                case .marked: 4
                case .watching: 5
                case .announcing: 6
                case .published: 7
                case .freeing: 8
                case .tookOver: 9
                case .unnamed: 10
                case .slotLost: 11
                case .misplaced: 12
                }
            return [stage, hold?.token ?? -1]
        }
    }

    enum Sweeper: Hashable {
        case idle
        case readFinal(Ref)
        case published(Ref)
    }

    /// A user who may cancel once, at any time.
    enum User: Hashable {
        case waiting
        case read(Ref)
        case done
    }

    /// Puts the dispatchers into one order, whoever is where.
    mutating func order() {
        if dispatchers[1].rank.lexicographicallyPrecedes(dispatchers[0].rank) { dispatchers.swapAt(0, 1) }
    }
}
