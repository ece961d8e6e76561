/// The faults of one node, as they are found.
struct NodeReport {
    let node: WorkflowGraph.Node
    private(set) var faults: [WorkflowFault] = []

    init(_ node: WorkflowGraph.Node) { self.node = node }

    mutating func add(_ code: String, input: String? = nil, _ message: String) {
        faults.append(
            WorkflowFault(
                nodeID: node.id, classType: node.classType.isEmpty ? nil : node.classType, input: input,
                code: code, message: message))
    }
}
