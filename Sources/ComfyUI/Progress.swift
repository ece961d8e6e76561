public import JSON

/// Progress over all nodes of a run; never goes backwards.
public struct Progress: Sendable, Hashable {
    /// Where a node stands.
    public enum NodeState: String, Sendable { case pending, running, done }

    /// Of all nodes, in whole percent; 100 only when the run has succeeded.
    public private(set) var percent = 0
    /// Of the running node, up to `maximum`; both 0 when it does not count.
    public private(set) var value = 0
    /// What `value` goes up to.
    public private(set) var maximum = 0
    /// The node that began last.
    public private(set) var nodeID: String?
    /// Its class.
    public private(set) var classType: String?
    /// Cached nodes count as done.
    public private(set) var nodesDone = 0
    /// Every node of the graph.
    public private(set) var nodesTotal: Int
    /// The state of every node, by id.
    public private(set) var nodes: [String: NodeState]
    private var classTypes: [String: String]
    /// How far running nodes are, from 0 to 1.
    private var fractions: [String: Double] = [:]

    /// Nothing has begun.
    public init(graph: WorkflowGraph) {
        nodesTotal = graph.nodes.count
        nodes = [:]
        classTypes = [:]
        for node in graph.nodes {
            nodes[node.id] = .pending
            classTypes[node.id] = node.classType
        }
    }

    /// Goes on where another process left off (`earlier` is its `json`): what it knew to be done is done, and the percent
    /// does not fall.
    public init(graph: WorkflowGraph, continuing earlier: JSON) {
        self.init(graph: graph)
        for (id, state) in earlier["nodes"]?.object ?? [:] where state == .string(NodeState.done.rawValue) {
            finish(id)
        }
        percent = min(99, max(0, earlier["percent"]?.int ?? 0))
        addUp(succeeded: false)
    }

    /// Adds what a frame of our prompt says; true when something changed.
    public mutating func apply(_ event: ExecutionEvent) -> Bool {
        let before = self
        switch event {
        case .cached(_, let cached):
            for id in cached { finish(id) }
        case .executing(_, let node?): begin(node)
        case .progress(_, let node, let value, let maximum):
            guard let id = node.flatMap(known) ?? nodeID else { break }
            begin(node ?? id)
            count(id, value: value, maximum: maximum, isOwn: node == nil || node == id)
        case .progressState(_, let states):
            for state in states { apply(state.node, state.value, state.maximum, finished: state.finished) }
        case .executed(_, let node, _):
            // A node inside one that expanded says nothing about the whole of it.
            if nodes[node] != nil { finish(node) }
        case .succeeded:
            for id in nodes.keys { finish(id) }
            (value, maximum) = (0, 0)
        case .started, .executing(_, nil), .failed, .interrupted, .status, .other: break
        }
        addUp(succeeded: nodesDone == nodesTotal && event.isSuccess)
        return self != before
    }

    /// As a job shows it: `docs/api.md`'s `progress`.
    public var json: JSON {
        var states = JSON.Object()
        for (id, state) in nodes.sorted(by: { $0.key < $1.key }) { states[id] = .string(state.rawValue) }
        return [
            "percent": .number(percent), "value": .number(value), "max": .number(maximum),
            "node_id": nodeID.map(JSON.string) ?? .null, "class_type": classType.map(JSON.string) ?? .null,
            "nodes_done": .number(nodesDone), "nodes_total": .number(nodesTotal), "nodes": .object(states),
        ]
    }

    /// The graph's own node: `3.0.0.2` runs inside node `3` that expanded.
    private func known(_ id: String) -> String? {
        var id = id[...]
        while nodes[String(id)] == nil {
            guard let dot = id.lastIndex(of: ".") else { return nil }
            id = id[..<dot]
        }
        return String(id)
    }

    private mutating func begin(_ frameNode: String) {
        guard let id = known(frameNode), nodes[id] != .done else { return }
        if nodeID != id {
            // Versions without progress_state tell that a node is done only by beginning the next.
            if let last = nodeID, nodes[last] == .running { finish(last) }
            nodeID = id
            classType = classTypes[id]
            (value, maximum) = (0, 0)
        }
        nodes[id] = .running
    }

    private mutating func finish(_ id: String) {
        guard let state = nodes[id], state != .done else { return }
        nodes[id] = .done
        fractions[id] = nil
        nodesDone += 1
    }

    private mutating func count(_ id: String, value: Int, maximum: Int, isOwn: Bool) {
        guard nodes[id] == .running, maximum > 0, value >= 0 else { return }
        if id == nodeID { (self.value, self.maximum) = (min(value, maximum), maximum) }
        // What runs inside an expanded node is a part of it of unknown size: shown, not added up.
        if isOwn { advance(id, Double(value) / Double(maximum)) }
    }

    private mutating func apply(_ frameNode: String, _ value: Double, _ maximum: Double, finished: Bool) {
        guard nodes[frameNode] != nil else { return }
        if finished { return finish(frameNode) }
        guard nodes[frameNode] != .done else { return }
        nodes[frameNode] = .running
        if maximum > 0, value.isFinite { advance(frameNode, value / maximum) }
    }

    private mutating func advance(_ id: String, _ fraction: Double) {
        fractions[id] = max(fractions[id] ?? 0, min(max(fraction, 0), 1))
    }

    private mutating func addUp(succeeded: Bool) {
        guard nodesTotal > 0 else { return }
        if succeeded {
            percent = 100
        } else {
            let parts = Double(nodesDone) + fractions.values.reduce(0, +)
            percent = max(percent, min(99, Int(100 * parts / Double(nodesTotal))))
        }
    }
}

extension ExecutionEvent {
    fileprivate var isSuccess: Bool {
        if case .succeeded = self { true } else { false }
    }
}
