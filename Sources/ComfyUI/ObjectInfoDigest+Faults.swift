internal import JSON

extension ObjectInfoDigest {
    /// What this worker would refuse about a node: its class, missing inputs, types, ranges, choices.
    func faults(of node: WorkflowGraph.Node, in graph: WorkflowGraph, catalog: NodeCatalog) -> [WorkflowFault]
    {
        var report = NodeReport(node)
        guard !node.classType.isEmpty else { return [] }
        guard let known = classes[node.classType] else {
            report.add("unknown_node_type", "No worker has the node class \(node.classType.quoted).")
            return report.faults
        }
        for (name, input) in known.inputs {
            guard let value = node.inputs[name] else {
                // Inputs that grow in number appear under other names than their declaration's.
                if input.isRequired && !input.type.hasPrefix("COMFY_") {
                    report.add("required_input_missing", input: name, "The input is required and missing.")
                }
                continue
            }
            if let link = WorkflowGraph.Link(value) {
                check(link, to: input, name, graph, &report)
            } else if value.array == nil, value.object == nil {
                let isUpload = catalog.takesUpload(node.classType, input: name)
                check(
                    value, input, name, choices: isUpload ? nil : input.choices,
                    isModel: catalog.namesModel(node.classType, input: name), &report)
            }
        }
        return report.faults
    }

    /// Types that only another node can make; custom nodes have widgets of types of their own.
    private static let linkedTypes: Set = [
        "IMAGE", "MASK", "LATENT", "MODEL", "CLIP", "VAE", "CONDITIONING", "CONTROL_NET", "UPSCALE_MODEL",
        "AUDIO",
        "VIDEO", "NOISE", "GUIDER", "SAMPLER", "SIGMAS", "CLIP_VISION", "CLIP_VISION_OUTPUT", "STYLE_MODEL",
    ]

    private func check(
        _ link: WorkflowGraph.Link, to input: Input, _ name: String, _ graph: WorkflowGraph,
        _ report: inout NodeReport
    ) {
        guard let source = graph[link.nodeID], let outputs = classes[source.classType]?.outputs else {
            return
        }
        guard link.output < outputs.count else {
            report.add(
                "bad_link", input: name,
                "\(source.classType.quoted) has \(outputs.count) outputs; \(link.output) counts from 0.")
            return
        }
        // Only where both types are ComfyUI's own can a mismatch be told: * and unions convert.
        guard let given = outputs[link.output], Self.linkedTypes.contains(given),
            Self.linkedTypes.contains(input.type), given != input.type
        else { return }
        report.add(
            "link_type_mismatch", input: name, "The input takes \(input.type); the link gives \(given).")
    }

    private func check(
        _ value: JSON, _ input: Input, _ name: String, choices: [JSON]?, isModel: Bool,
        _ report: inout NodeReport
    ) {
        switch input.type {
        case "INT", "FLOAT":
            // ComfyUI converts texts, fractions and truth values; only what it cannot convert is a fault.
            guard value.plainNumber != nil || value.bool != nil else {
                report.add(
                    "wrong_type", input: name, "\(input.type) is expected; this is \(value.clippedText).")
                return
            }
            checkRange(value, input, name, &report)
        case "COMBO":
            guard let choices, !choices.contains(where: { $0.isSameChoice(as: value) }) else { return }
            if isModel, let model = value.string, !choices.isEmpty {
                report.add("value_not_in_list", input: name, Self.noModel(model, choices))
                return
            }
            let some = choices.prefix(8).map(\.clippedText).joined(separator: ", ")
            let rest = choices.count > 8 ? ", … (\(choices.count))" : ""
            report.add(
                "value_not_in_list", input: name,
                choices.isEmpty
                    ? "\(value.clippedText) is not there: no worker has anything to choose."
                    : "\(value.clippedText) is none of \(some)\(rest).")
        case let type where Self.linkedTypes.contains(type):
            report.add(
                "link_required", input: name, "\(type) comes from another node; this is \(value.kind).")
        default: break
        }
    }

    private static func noModel(_ name: String, _ choices: [JSON]) -> String {
        let nearest = NearestNames.of(name, among: choices.compactMap(\.string)).map(\.quoted)
        return "No worker has the model \(name.quoted); the nearest names are "
            + nearest.joined(separator: ", ") + "."
    }

    private func checkRange(_ value: JSON, _ input: Input, _ name: String, _ report: inout NodeReport) {
        guard let number = value.number ?? value.string.flatMap(JSON.Number.init(text:)) else { return }
        if let minimum = input.minimum, number.isLess(than: minimum) {
            report.add(
                "out_of_range", input: name, "\(value.clippedText) is less than the least, \(minimum.text).")
        }
        if let maximum = input.maximum, maximum.isLess(than: number) {
            report.add(
                "out_of_range", input: name, "\(value.clippedText) is more than the \(maximum.text) allowed.")
        }
    }
}

extension JSON.Number {
    /// Exact for integers (a seed of 2^64 must not pass for 2^64−1), as doubles otherwise.
    fileprivate func isLess(than other: JSON.Number) -> Bool {
        if let own = integer(as: Int128.self), let its = other.integer(as: Int128.self) { return own < its }
        return double < other.double
    }
}

extension JSON {
    /// Equal, or numbers of equal value however written.
    fileprivate func isSameChoice(as other: JSON) -> Bool {
        if self == other { return true }
        guard let own = double, let its = other.double else { return false }
        return own == its
    }
}
