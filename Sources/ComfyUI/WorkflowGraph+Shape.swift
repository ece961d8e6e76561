internal import Crypto
internal import JSON

extension WorkflowGraph {
    /// A name for all workflows that should take as long: the same node classes, models, sizes, batches and steps. Texts
    /// and seeds do not count, nor do ids and links.
    public func shape(_ catalog: NodeCatalog) -> String {
        let lines = nodes.map { node in
            let inputs = catalog.weights(node.classType).sorted().compactMap { name in
                node.inputs[name].flatMap(Self.weight).map { "\(name)=\($0)" }
            }
            return ([node.classType] + inputs).joined(separator: "\u{0}")
        }
        let text = lines.sorted().joined(separator: "\u{1}")
        return Base64.encodeURL(Array(SHA256.hash(Array(text.utf8)).prefix(12)))
    }

    /// `20` and `20.0` are as heavy. Links and the like are left out.
    private static func weight(_ value: JSON) -> String? { value.plainNumber.map { "\($0)" } ?? value.string }
}

extension NodeCatalog {
    /// The inputs of a class that decide how long it takes.
    fileprivate func weights(_ classType: String) -> Set<String> {
        guard let entry = self[classType] else { return [] }
        let sizes = [
            entry.width, entry.height, entry.megapixels, entry.batch, entry.scale, entry.repeats, entry.steps,
        ]
        return Set(
            sizes.compactMap(\.self) + entry.padding
                + entry.files.filter { $0.value == .model }.map(\.key))
    }
}
