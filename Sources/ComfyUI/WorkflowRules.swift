public import JSON

/// What a workflow must be before anything of it is stored: the allow list and the limits.
public struct WorkflowRules: Sendable {
    /// `MAX_WORKFLOW_NODES`.
    public var maximumNodes = 100
    /// `MAX_IMAGE_PIXELS`: width × height of a picture that a node makes or scales to.
    public var maximumImagePixels = 1_048_576
    /// In Unicode scalars, for every text.
    public var maximumTextLength = 5000
    /// Sampling steps of one sampler.
    public var maximumSteps = 150
    /// Pictures that are made at once, however the graph says it.
    public var maximumBatch = 4
    /// By how much a node may scale a side.
    public var maximumScale = 4.0
    /// What is known of node classes.
    public var catalog: NodeCatalog
    private var allowList: AllowList

    /// What scaling may reach: a picture of the allowed size with each side four times as long.
    public var maximumUpscaledPixels: Int { maximumImagePixels > .max / 16 ? .max : maximumImagePixels * 16 }

    /// `allowedNodeTypes` is `ALLOWED_NODE_TYPES`: a comma list, `*`, or `+Name` to add; nil = the default.
    public init(allowedNodeTypes: String? = nil) {
        catalog = .standard
        allowList = AllowList(allowedNodeTypes, default: NodeCatalog.standard.allowed.map(\.classType))
    }

    /// Reads a workflow in any accepted format, sets the overrides and checks everything: the one way in for
    /// what a user sent. Throws **all** faults, those of shape, of overrides and of content.
    public func validate(
        _ json: JSON, overrides: JSON.Object = [:], uploads: Set<String> = [],
        objectInfo: ObjectInfoDigest? = nil
    ) throws(WorkflowFaults) -> WorkflowGraph {
        var (graph, faults) = try read(json, overrides: overrides)
        faults += self.faults(in: graph, uploads: uploads, objectInfo: objectInfo)
        guard faults.isEmpty else { throw WorkflowFaults(faults) }
        return graph
    }

    /// The first half of `validate`: the graph with the overrides set, and its faults of shape and overrides. Throws only what
    /// leaves no graph. `faults` is the other half; in between its uploads can be looked up.
    public func read(_ json: JSON, overrides: JSON.Object = [:]) throws(WorkflowFaults) -> (
        graph: WorkflowGraph, faults: [WorkflowFault]
    ) {
        let document = WorkflowDocument(json)
        guard document.isReadable else { throw WorkflowFaults(document.faults) }
        var graph = document.graph
        let faults = document.faults + graph.applyAll(overrides)
        return (graph, faults)
    }

    /// Every fault of the graph and of each node, in order.
    ///
    /// `uploads`: the file names that LoadImage may name. `objectInfo`: what a worker's classes take, when known.
    public func faults(
        in graph: WorkflowGraph, uploads: Set<String> = [], objectInfo: ObjectInfoDigest? = nil
    ) -> [WorkflowFault] {
        var faults = graphFaults(graph, objectInfo)
        let growth = extentFaults(in: graph)
        for (position, node) in graph.nodes.enumerated() {
            var report = NodeReport(node)
            checkIdentity(&report)
            checkValues(&report, graph)
            checkFiles(&report, uploads)
            checkLimits(&report)
            faults += report.faults
            faults += growth[position] ?? []
            if let objectInfo { faults += objectInfo.faults(of: node, in: graph, catalog: catalog) }
        }
        return faults
    }

    private func graphFaults(_ graph: WorkflowGraph, _ objectInfo: ObjectInfoDigest?) -> [WorkflowFault] {
        var faults: [WorkflowFault] = []
        if graph.nodes.count > maximumNodes {
            faults.append(
                WorkflowFault(
                    code: "too_many_nodes",
                    message: "The workflow has \(graph.nodes.count) nodes; \(maximumNodes) are allowed."))
        }
        for cycle in graph.cycles {
            let names = cycle.prefix(20).map { $0.clipped(to: 64) }
            let path = (names + (cycle.count > 20 ? ["…"] : []) + [names[0]]).joined(separator: " → ")
            faults.append(
                WorkflowFault(
                    nodeID: cycle[0], code: "cycle", message: "The nodes feed one another: \(path)."))
        }
        let outputs = graph.outputNodes(catalog)
        if outputs.isEmpty,
            !graph.nodes.contains(where: {
                objectInfo?.isOutput($0.classType) ?? false && catalog[$0.classType] == nil
            })
        {
            faults.append(
                WorkflowFault(
                    code: "no_output_node",
                    message: "No node saves anything; add one like SaveImage. A preview is not kept."))
        }
        return faults
    }

    private func checkIdentity(_ report: inout NodeReport) {
        let node = report.node
        let isName = node.id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: ":"),
                UInt8(ascii: "."),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        if !isName || node.id.isEmpty || node.id.utf8.count > 64 {
            report.add("bad_node_id", "A node's id has 1 to 64 of the characters A-Z a-z 0-9 _ : . -")
        }
        guard !node.classType.isEmpty, !allowList.contains(node.classType) else { return }
        let reason = catalog[node.classType].flatMap { $0.isAllowed ? nil : $0.reason }
        report.add(
            "node_not_allowed",
            "\(node.classType.quoted) is not among the node classes allowed here\(reason.map { ": \($0)" } ?? "")."
        )
    }
}
