internal import JSON

/// A workflow as a user sent it, read into a graph: which of the formats it is, and what is wrong with its shape.
///
/// Reading goes on after a fault, so that the rules can look at the rest and everything is told at once.
struct WorkflowDocument {
    private(set) var graph = WorkflowGraph()
    private(set) var faults: [WorkflowFault] = []

    /// False when nothing of it could be read as a workflow: then the one fault says all.
    var isReadable: Bool { !(graph.nodes.isEmpty && !faults.isEmpty) }

    init(_ json: JSON) {
        guard let object = json.object else {
            report("not_an_object", "A workflow is a JSON object of nodes; this is \(json.kind).")
            return
        }
        guard let nodes = object["nodes"], nodes["class_type"] == nil else {
            if object.isEmpty { report("no_nodes", "The workflow has no nodes.") }
            for (id, value) in object { readNode(id, value, wrapped: false) }
            return
        }
        switch nodes {
        case .array:
            report(
                "editor_format",
                "This is the format of ComfyUI's editor. Export it for the API: in ComfyUI's menu choose "
                    + "Workflow, then Export (API), and send that file.")
        case .object(let members): readWrapped(members, object)
        default: report("not_an_object", "'nodes' must be an object of nodes; it is \(nodes.kind).")
        }
    }

    /// `{"nodes": {…}, "edges": […]}`, the second and third format.
    private mutating func readWrapped(_ members: JSON.Object, _ document: JSON.Object) {
        for (key, _) in document where key != "nodes" && key != "edges" {
            report("unknown_field", "\(key.quoted) is no field of a workflow; 'nodes' and 'edges' are.")
        }
        if members.isEmpty { report("no_nodes", "The workflow has no nodes.") }
        for (id, value) in members { readNode(id, value, wrapped: true) }
        switch document["edges"] {
        case nil, .null: break
        case .array(let edges):
            for (index, edge) in edges.enumerated() { readEdge(index, edge) }
        case let other?: report("bad_edge", "'edges' must be an array of edges; it is \(other.kind).")
        }
    }

    private mutating func readNode(_ id: String, _ value: JSON, wrapped: Bool) {
        guard let object = value.object else {
            report(
                id, nil, "node_not_an_object",
                "A node is an object with class_type and inputs; this is \(value.kind).")
            return
        }
        let named = object["class_type"] ?? (wrapped ? object["type"] : nil)
        let classType = named?.string ?? ""
        if classType.isEmpty {
            report(id, nil, "missing_class_type", "The node has no class_type.")
        }
        var node = WorkflowGraph.Node(id: id, classType: classType)
        switch object["inputs"] {
        case nil, .null: break
        case .object(let inputs):
            for (name, value) in inputs { node.inputs[name] = Self.normalized(value) }
        case .array(let inputs) where wrapped:
            for (index, input) in inputs.enumerated() { readListedInput(index, input, into: &node) }
        case let other?:
            report(
                id, classType, "bad_inputs",
                "'inputs' must be an object of values by name; it is \(other.kind).")
        }
        graph[id] = node
    }

    /// `{name, type, value, required}`, the third format's input.
    private mutating func readListedInput(_ index: Int, _ input: JSON, into node: inout WorkflowGraph.Node) {
        guard let name = input["name"]?.string else {
            report(node.id, node.classType, "bad_inputs", "Input \(index) has no name.")
            return
        }
        guard let value = input["value"] else {
            if input["required"] != .bool(false) {
                report(
                    node.id, node.classType, input: name, "required_input_missing", "The input has no value.")
            }
            return
        }
        if node.inputs[name] != nil {
            report(node.id, node.classType, input: name, "input_given_twice", "The input is given twice.")
        }
        if let type = input["type"]?.string, !Self.fits(value, type) {
            report(
                node.id, node.classType, input: name, "wrong_type",
                "\(type.quoted) was announced; the value is \(value.kind).")
        }
        node.inputs[name] = Self.normalized(value)
    }

    /// `{from, output, to, input}`, the second format's link.
    private mutating func readEdge(_ index: Int, _ edge: JSON) {
        for (key, _) in edge.object ?? [:] where !["from", "output", "to", "input"].contains(key) {
            report("bad_edge", "\(key.quoted) is no field of an edge (edge \(index)).")
        }
        guard let from = edge["from"].flatMap(Self.nodeID), let output = edge["output"]?.int, output >= 0,
            let to = edge["to"].flatMap(Self.nodeID), let input = edge["input"]?.string
        else {
            report(
                "bad_edge",
                "Edge \(index) is not {\"from\": node, \"output\": number, \"to\": node, \"input\": name}.")
            return
        }
        guard let position = graph.position(of: to) else {
            report(
                to, nil, input: input, "missing_link_target",
                "Edge \(index) goes to \(to.quoted), which is not there.")
            return
        }
        if graph.nodes[position].inputs[input] != nil {
            report(
                to, graph.nodes[position].classType, input: input, "input_given_twice",
                "The input has a value and an edge.")
        }
        graph.setInput(input, of: to, to: [.string(from), .number(output)])
    }

    /// A link written with a number as the node's id (`[4, 0]`) means the same node; ComfyUI would answer 400.
    private static func normalized(_ value: JSON) -> JSON {
        guard case .array(let pair) = value, pair.count == 2, pair[0].number != nil, let id = nodeID(pair[0])
        else { return value }
        return .array([.string(id), pair[1]])
    }

    private static func nodeID(_ value: JSON) -> String? {
        value.string ?? value.uint64.map { "\($0)" }
    }

    /// Whether a value is what the third format's `type` announces. Types of links and unknown types say nothing here.
    private static func fits(_ value: JSON, _ type: String) -> Bool {
        if value.array != nil { return true }
        return switch type {
        case "STRING": value.string != nil
        case "INT", "FLOAT": value.number != nil
        case "BOOLEAN": value.bool != nil
        default: true
        }
    }

    private mutating func report(_ code: String, _ message: String) {
        faults.append(WorkflowFault(code: code, message: message))
    }

    private mutating func report(
        _ id: String, _ classType: String?, input: String? = nil, _ code: String, _ message: String
    ) {
        let classType = classType.flatMap { $0.isEmpty ? nil : $0 }
        faults.append(
            WorkflowFault(nodeID: id, classType: classType, input: input, code: code, message: message))
    }
}

extension JSON {
    /// The kind of a value in a sentence.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a text"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
