import ComfyUI
import JSON

/// A workflow with named parameters.
///
/// A parameter stands in the workflow as `{{name}}` — alone in a text, whose place its value takes with its own type, or
/// among other words — or names inputs by JSON pointers. Values are put into parsed inputs, each once: what a value says
/// is never looked at for parameters again, and never becomes a node or a link.
struct Template: Sendable {
    /// The parameters still to be put in.
    let graph: WorkflowGraph
    let parameters: [TemplateParameter]
    /// The node whose output is the primary one; nil: the first output node.
    let primaryNode: String?
    private let places: [Place]

    /// An input of a node.
    struct InputPlace: Sendable, Hashable {
        let node: String
        let input: String
        /// As overrides name it.
        var path: String { "\(node).\(input)" }
    }

    /// An input that parameters decide.
    private struct Place: Sendable {
        let at: InputPlace
        let text: [PlaceholderText.Piece]

        /// The one parameter that it is; nil when there are words around it.
        var whole: String? { if text.count == 1, case .parameter(let name) = text[0] { name } else { nil } }

        var names: [String] {
            text.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
        }
    }

    /// Finds the places of the parameters. Faults are of fields of the request that defines the template.
    init(
        _ graph: WorkflowGraph, _ parameters: [TemplateParameter], primaryNode: String?,
        _ faults: inout [FieldFault]
    ) {
        self.graph = graph
        self.parameters = parameters
        self.primaryNode = primaryNode
        var finder = PlaceFinder(parameters)
        finder.readTexts(of: graph)
        finder.readPointers(into: graph)
        finder.refuseUnused()
        places = finder.places
        faults += finder.faults
    }

    /// The workflow with these values, each as its parameter's type read it.
    func fill(_ values: [String: JSON]) -> WorkflowGraph {
        var graph = graph
        for place in places {
            let value: JSON =
                place.whole.map { values[$0] ?? .null }
                ?? .string(PlaceholderText.joined(place.text, values))
            graph[place.at.node]?.inputs[place.at.input] = value
        }
        return graph
    }

    /// The inputs that are the parameter's alone.
    func inputs(of parameter: String) -> [InputPlace] {
        places.filter { $0.whole == parameter }.map(\.at)
    }

    /// The parameter that a fault of the filled workflow comes from.
    func parameter(of fault: WorkflowFault) -> String? {
        places.first { $0.at.node == fault.nodeID && $0.at.input == fault.input }?.names.first
    }

    /// What is wrong whatever the values are: the rules, held against defaults, and samples where there is none. What is found
    /// where a sample stands is left to who runs it.
    func faults(_ rules: WorkflowRules) -> [WorkflowFault] {
        let samples = Dictionary(parameters.map { ($0.name, $0.sample) }) { first, _ in first }
        let open = Set(parameters.filter { $0.absent == nil }.map(\.name))
        let filled = fill(samples)
        // Whose file it is, only a run can tell.
        let uploads = filled.uploadInputs(rules.catalog).map(\.text).filter { InputReference($0) != nil }
        var faults = rules.faults(in: filled, uploads: Set(uploads)).filter { fault in
            !places.contains { place in
                place.at.node == fault.nodeID && place.at.input == fault.input
                    && place.names.contains(where: open.contains)
            }
        }
        if let primaryNode, !filled.outputNodes(rules.catalog).contains(primaryNode) {
            faults.append(.notAnOutput(primaryNode))
        }
        return faults
    }

    private struct PlaceFinder {
        let parameters: [String: TemplateParameter]
        let order: [String]
        var places: [Place] = []
        var faults: [FieldFault] = []

        init(_ parameters: [TemplateParameter]) {
            self.parameters = Dictionary(parameters.map { ($0.name, $0) }) { first, _ in first }
            order = parameters.map(\.name)
        }

        mutating func readTexts(of graph: WorkflowGraph) {
            for node in graph.nodes {
                for (input, value) in node.inputs {
                    guard let text = value.string, let pieces = PlaceholderText.pieces(of: text) else {
                        continue
                    }
                    let place = Place(at: InputPlace(node: node.id, input: input), text: pieces)
                    for name in place.names { check(name, in: place) }
                    places.append(place)
                }
            }
        }

        private mutating func check(_ name: String, in place: Place) {
            let at = place.at.path.prefix(80)
            guard let parameter = parameters[name] else {
                return refuse(
                    "workflow", .unknownParameter, "'{{\(name)}}' in '\(at)' names no parameter.")
            }
            if place.whole == nil, ![.string, .integer, .number].contains(parameter.kind) {
                refuse(
                    "workflow", .notAllowed,
                    "'{{\(name)}}' in '\(at)' stands among other words; a \(parameter.kind.rawValue) stands alone."
                )
            }
        }

        mutating func readPointers(into graph: WorkflowGraph) {
            for name in order {
                for pointer in parameters[name]?.pointers ?? [] {
                    let field = "parameters.\(name).pointers"
                    let shown = pointer.prefix(80)
                    guard let at = InputPlace(pointer: pointer), let value = graph[at.node]?.inputs[at.input],
                        value.array == nil, value.object == nil
                    else {
                        refuse(
                            field, .malformed,
                            "'\(shown)' is no pointer to a value in the workflow; one is /<node>/inputs/<input>."
                        )
                        continue
                    }
                    if places.contains(where: { $0.at == at }) {
                        refuse(field, .repeated, "'\(shown)' is set by two parameters.")
                    }
                    places.append(Place(at: at, text: [.parameter(name)]))
                }
            }
        }

        /// A typo in a name would otherwise go unseen.
        mutating func refuseUnused() {
            let used = Set(places.flatMap(\.names))
            for name in order where !used.contains(name) {
                refuse(
                    "parameters.\(name)", .unusedParameter,
                    "The parameter '\(name.prefix(64))' stands nowhere in the workflow.")
            }
        }

        private mutating func refuse(_ field: String, _ code: FieldFault.Code, _ message: String) {
            faults.append(FieldFault(field, code, message))
        }
    }
}

extension Template.InputPlace {
    /// Of a JSON pointer (RFC 6901) `/<node>/inputs/<input>`; nil for any other.
    init?(pointer: String) {
        let pieces = pointer.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.count == 4, pieces[0].isEmpty, pieces[2] == "inputs",
            let node = Self.unescaped(pieces[1]), let input = Self.unescaped(pieces[3])
        else { return nil }
        self.init(node: node, input: input)
    }

    /// `~1` is `/` and `~0` is `~`; nil for any other `~`.
    private static func unescaped(_ piece: Substring) -> String? {
        var text = ""
        var rest = piece.makeIterator()
        while let character = rest.next() {
            guard character == "~" else {
                text.append(character)
                continue
            }
            switch rest.next() {
            case "0": text.append("~")
            case "1": text.append("/")
            default: return nil
            }
        }
        return text
    }
}
