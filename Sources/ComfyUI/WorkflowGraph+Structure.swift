extension WorkflowGraph {
    /// For each node the positions of the nodes that feed it, each once; links to missing nodes are left out.
    var feeders: [[Int]] {
        nodes.map { node in
            var seen: Set<Int> = []
            return node.inputs.compactMap { _, value in
                Link(value).flatMap { position(of: $0.nodeID) }.flatMap {
                    seen.insert($0).inserted ? $0 : nil
                }
            }
        }
    }

    /// Positions so that every node comes after those that feed it; nodes on a cycle or behind one are missing
    /// (Kahn 1962).
    var executionOrder: [Int] {
        let feeders = feeders
        var followers = [[Int]](repeating: [], count: nodes.count)
        var waiting = [Int](repeating: 0, count: nodes.count)
        for (position, sources) in feeders.enumerated() {
            waiting[position] = sources.count
            for source in sources { followers[source].append(position) }
        }
        var order = nodes.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for follower in followers[order[next]] {
                waiting[follower] -= 1
                if waiting[follower] == 0 { order.append(follower) }
            }
            next += 1
        }
        return order
    }

    /// Some cycles, each as the ids on it in the direction the data flows, beginning with the one written first.
    ///
    /// Not all of them (there may be exponentially many): those that one depth-first walk closes, at most ten.
    var cycles: [[String]] {
        let ordered = Set(executionOrder)
        guard ordered.count < nodes.count else { return [] }
        let feeders = feeders
        enum Mark { case unseen, onPath, finished }
        var marks = [Mark](repeating: .unseen, count: nodes.count)
        var cycles: [[String]] = []
        for start in nodes.indices where marks[start] == .unseen && !ordered.contains(start) {
            // An own stack: a chain of a hundred thousand nodes must not meet the thread's.
            var path: [(position: Int, next: Int)] = [(start, 0)]
            marks[start] = .onPath
            while let (position, next) = path.last {
                guard next < feeders[position].count else {
                    marks[position] = .finished
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let feeder = feeders[position][next]
                switch marks[feeder] {
                case .unseen:
                    marks[feeder] = .onPath
                    path.append((feeder, 0))
                case .onPath:
                    guard cycles.count < 10, let first = path.firstIndex(where: { $0.position == feeder })
                    else { break }
                    cycles.append(cycle(of: path[first...].map(\.position)))
                case .finished: break
                }
            }
        }
        return cycles
    }

    /// Positions from a node to its feeders, turned to the data's direction and begun with the earliest.
    private func cycle(of walk: [Int]) -> [String] {
        let flow = Array(walk.reversed())
        let first = flow.indices.min { flow[$0] < flow[$1] } ?? 0
        return (flow[first...] + flow[..<first]).map { nodes[$0].id }
    }

    /// Nodes that leave something behind, in order. A class that the catalog does not know counts when no other
    /// node takes anything from it.
    public func outputNodes(_ catalog: NodeCatalog) -> [String] {
        let used = Set(feeders.joined())
        return nodes.indices.compactMap { position in
            let node = nodes[position]
            let isOutput = catalog[node.classType].map { $0.output != nil } ?? !used.contains(position)
            return isOutput ? node.id : nil
        }
    }

    /// The components of the graph that have an output node, in order: what `execution_mode: parallel` runs on different
    /// workers. ComfyUI would not run the others either.
    public func independentParts(_ catalog: NodeCatalog) -> [WorkflowGraph] {
        let outputs = Set(outputNodes(catalog))
        return components.filter { component in component.nodes.contains { outputs.contains($0.id) } }
    }

    /// The parts of the graph that no link connects (its weakly connected components), each in the order written, the one
    /// with the first node first. A matter of the links alone: a stored graph falls apart the same way for ever.
    public var components: [WorkflowGraph] {
        var parents = Array(nodes.indices)
        func root(_ position: Int) -> Int {
            var position = position
            while parents[position] != position {
                parents[position] = parents[parents[position]]
                position = parents[position]
            }
            return position
        }
        for (position, sources) in feeders.enumerated() {
            for source in sources {
                parents[max(root(position), root(source))] = min(root(position), root(source))
            }
        }
        var parts: [Int: [Node]] = [:]
        for position in nodes.indices { parts[root(position), default: []].append(nodes[position]) }
        return parts.sorted { $0.key < $1.key }.map { WorkflowGraph(nodes: $0.value) }
    }
}
