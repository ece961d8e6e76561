public import JSON

/// A workflow in ComfyUI's API format, in the order written.
public struct WorkflowGraph: Sendable, Hashable {
    /// One node: what `POST /prompt` takes of it and no more.
    public struct Node: Sendable, Hashable {
        /// Unique in its graph.
        public var id: String
        /// The name of a node class; empty when the document had none.
        public var classType: String
        /// Values and links (`[node id, output]`) by name.
        public var inputs: JSON.Object

        /// A node of given parts.
        public init(id: String, classType: String, inputs: JSON.Object = [:]) {
            self.id = id
            self.classType = classType
            self.inputs = inputs
        }
    }

    /// One output of a node, as an input names it: `["4", 0]`.
    public struct Link: Sendable, Hashable {
        /// The node that makes the value.
        public var nodeID: String
        /// Which of its outputs, from 0.
        public var output: Int

        /// nil for anything but an array of a string and an integer from 0 (ComfyUI's `is_link`).
        public init?(_ value: JSON) {
            guard let pair = value.array, pair.count == 2, let id = pair[0].string, let output = pair[1].int,
                output >= 0
            else { return nil }
            self.nodeID = id
            self.output = output
        }
    }

    /// In the order written.
    public private(set) var nodes: [Node]
    private var positions: [String: Int]

    /// A graph of these nodes; of two with one id the later wins, as with a JSON object's keys.
    public init(nodes: [Node] = []) {
        self.nodes = []
        self.positions = [:]
        for node in nodes { self[node.id] = node }
    }

    /// Accepts the three formats of `docs/workflows.md`, refuses the editor's own with how to export the right
    /// one. Shape faults only; `WorkflowRules.validate` reports these and all others at once.
    public init(normalizing json: JSON) throws(WorkflowFaults) {
        let document = WorkflowDocument(json)
        guard document.faults.isEmpty else { throw WorkflowFaults(document.faults) }
        self = document.graph
    }

    /// The node of an id. Setting one that is not there appends it; setting nil removes it.
    public subscript(id: String) -> Node? {
        get { positions[id].map { nodes[$0] } }
        set {
            switch (positions[id], newValue) {
            case (let position?, let node?): nodes[position] = node
            case (nil, let node?):
                positions[id] = nodes.count
                nodes.append(node)
            case (let position?, nil):
                nodes.remove(at: position)
                positions[id] = nil
                for later in position..<nodes.count { positions[nodes[later].id] = later }
            case (nil, nil): break
            }
        }
    }

    /// Sets one input in place; nothing when the node is not there. Through the subscript each of thousands of
    /// edges to one node would copy all of its inputs.
    mutating func setInput(_ name: String, of id: String, to value: JSON) {
        guard let position = positions[id] else { return }
        nodes[position].inputs[name] = value
    }

    /// Where a node stands in `nodes`.
    func position(of id: String) -> Int? { positions[id] }

    /// Only `class_type` and `inputs` of each node: what is stored and sent.
    public var json: JSON {
        var object = JSON.Object()
        for node in nodes {
            object[node.id] = ["class_type": .string(node.classType), "inputs": .object(node.inputs)]
        }
        return .object(object)
    }

    /// First checkpoint named (`ckpt_name`, else `unet_name`): a worker that has it loaded is preferred.
    public var checkpoint: String? {
        for name in ["ckpt_name", "unet_name"] {
            for node in nodes {
                if let checkpoint = node.inputs[name]?.string { return checkpoint }
            }
        }
        return nil
    }
}
