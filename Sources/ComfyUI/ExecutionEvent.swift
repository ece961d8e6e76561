public import JSON

/// A text frame of `/ws`, read as a value.
public enum ExecutionEvent: Sendable {
    /// The prompt left the queue.
    case started(promptID: String)
    /// These nodes need not run: their results are known.
    case cached(promptID: String, nodes: [String])
    /// A node begins; nil: the run is over, well or not. Without a prompt id right after connecting.
    case executing(promptID: String?, node: String?)
    /// The running node's own count.
    case progress(promptID: String, node: String?, value: Int, maximum: Int)
    /// Every node that has begun so far (from ComfyUI 0.3.43).
    case progressState(
        promptID: String, nodes: [(node: String, value: Double, maximum: Double, finished: Bool)])
    /// An output node is done; `output` is as in `/history`.
    case executed(promptID: String, node: String, output: JSON)
    /// Every node is done; `/history` may not know yet.
    case succeeded(promptID: String)
    /// A node failed. Of the type `ExecutionBlocked` it is not the end.
    case failed(promptID: String, HistoryEntry.NodeFailure)
    /// Somebody stopped the run.
    case interrupted(promptID: String)
    /// How many prompts the worker has, running ones included.
    case status(queueRemaining: Int)
    /// A frame of a type that is not known here, or not in its known form.
    case other(type: String)

    /// nil for what is no frame of ComfyUI's; never throws: the socket is a hint.
    public init?(frame: String) {
        guard let json = try? JSON(parsing: frame), let type = json["type"]?.string else { return nil }
        self = Self.read(type, json["data"] ?? .null) ?? .other(type: type.clipped(to: 64))
    }

    private static func read(_ type: String, _ data: JSON) -> ExecutionEvent? {
        if type == "status" {
            return (data["status"]?["exec_info"]?["queue_remaining"]?.int).map { .status(queueRemaining: $0) }
        }
        if type == "executing" {
            guard let node = data["node"] else { return nil }
            return .executing(promptID: data["prompt_id"]?.string, node: node.string)
        }
        guard let promptID = data["prompt_id"]?.string else { return nil }
        switch type {
        case "execution_start": return .started(promptID: promptID)
        case "execution_cached":
            return .cached(promptID: promptID, nodes: data["nodes"]?.array?.compactMap(\.string) ?? [])
        case "progress":
            guard let value = data["value"]?.count, let maximum = data["max"]?.count else { return nil }
            return .progress(promptID: promptID, node: data["node"]?.string, value: value, maximum: maximum)
        case "progress_state":
            let nodes = (data["nodes"]?.object ?? [:]).compactMap { id, node in
                node["state"]?.string.map { state in
                    (
                        node: id, value: node["value"]?.double ?? 0, maximum: node["max"]?.double ?? 1,
                        finished: state == "finished"
                    )
                }
            }
            return .progressState(promptID: promptID, nodes: nodes)
        case "executed":
            guard let node = data["node"]?.string else { return nil }
            return .executed(promptID: promptID, node: node, output: data["output"] ?? .null)
        case "execution_success": return .succeeded(promptID: promptID)
        case "execution_error": return .failed(promptID: promptID, HistoryEntry.NodeFailure(data))
        case "execution_interrupted": return .interrupted(promptID: promptID)
        default: return nil
        }
    }

    /// The prompt that the frame is about; nil when it does not say.
    public var promptID: String? {
        switch self {
        case .started(let id), .cached(let id, _), .progress(let id, _, _, _), .progressState(let id, _),
            .executed(let id, _, _), .succeeded(let id), .failed(let id, _), .interrupted(let id):
            id
        case .executing(let id, _): id
        case .status, .other: nil
        }
    }
}

extension JSON {
    /// Some nodes count in fractions (`3.0`); nil for what is no count at all.
    fileprivate var count: Int? {
        if let int { return int }
        guard let double, double.isFinite, double.magnitude < 1e15 else { return nil }
        return Int(double)
    }
}
