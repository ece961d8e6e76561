public import JSON

extension WorkflowGraph {
    /// Sets values from outside: `{"<node>.<input>": value}`.
    ///
    /// Ids and names of inputs may hold dots themselves; the first reading whose node and input are there is
    /// taken. Faults: a node or an input that is not there, or a value that could make a link (an array or an
    /// object). After a fault nothing is changed.
    public mutating func apply(overrides: JSON.Object) throws(WorkflowFaults) {
        let faults = applyAll(overrides)
        guard faults.isEmpty else { throw WorkflowFaults(faults) }
    }

    /// More than any graph of the allowed size has use for.
    static let maximumOverrides = 1000

    /// The same, giving the faults back.
    mutating func applyAll(_ overrides: JSON.Object) -> [WorkflowFault] {
        guard overrides.count <= Self.maximumOverrides else {
            let message = "\(overrides.count) overrides are more than the \(Self.maximumOverrides) allowed."
            return [WorkflowFault(code: "too_many_overrides", message: message)]
        }
        var changed = self
        var faults: [WorkflowFault] = []
        for (path, value) in overrides {
            guard path.utf8.count <= 256, let (id, input) = changed.resolve(path) else {
                faults.append(changed.unresolved(path))
                continue
            }
            if value.array != nil || value.object != nil {
                faults.append(
                    WorkflowFault(
                        nodeID: id, classType: changed[id]?.classType, input: input,
                        code: "override_not_a_value",
                        message:
                            "An override is a text, a number, true, false or null; this is \(value.kind)."))
                continue
            }
            changed.setInput(input, of: id, to: value)
        }
        if faults.isEmpty { self = changed }
        return faults
    }

    private func resolve(_ path: String) -> (id: String, input: String)? {
        for (dot, character) in zip(path.indices, path) where character == "." {
            let id = String(path[..<dot])
            let input = String(path[path.index(after: dot)...])
            if self[id]?.inputs[input] != nil { return (id, input) }
        }
        return nil
    }

    private func unresolved(_ path: String) -> WorkflowFault {
        let clipped = path.clipped(to: 80)
        let readings = zip(clipped.indices, clipped).filter { $0.1 == "." }
        guard !readings.isEmpty else {
            return WorkflowFault(
                code: "bad_override",
                message: "An override is named '<node>.<input>'; this one \(path.quoted).")
        }
        for (dot, _) in readings {
            if let node = self[String(clipped[..<dot])] {
                let input = String(clipped[clipped.index(after: dot)...])
                return WorkflowFault(
                    nodeID: node.id, classType: node.classType, input: input, code: "unknown_input",
                    message: "The node has no input \(input.quoted) to set.")
            }
        }
        return WorkflowFault(
            nodeID: String(clipped[..<readings[0].0]), code: "unknown_node",
            message: "The override \(path.quoted) names a node that is not there.")
    }
}
