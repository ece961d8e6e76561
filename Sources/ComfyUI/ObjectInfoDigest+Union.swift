internal import JSON

extension ObjectInfoDigest {
    /// What some worker of several would take: every class that one has, every choice that one offers, the widest bounds.
    /// nil of none.
    ///
    /// A graph that no single one of them could run may pass: the worker decides, and this is never the stricter one.
    public static func union(_ digests: [ObjectInfoDigest]) -> ObjectInfoDigest? {
        guard var all = digests.first else { return nil }
        for digest in digests.dropFirst() {
            for name in digest.names {
                guard let other = digest.classes[name] else { continue }
                if let known = all.classes[name] {
                    all.classes[name] = known.union(other)
                } else {
                    all.classes[name] = other
                    all.names.append(name)
                }
            }
        }
        return all
    }
}

extension ObjectInfoDigest.Class {
    fileprivate func union(_ other: Self) -> Self {
        var merged = self
        merged.isOutput = isOutput || other.isOutput
        let others = Dictionary(other.inputs.map { ($0.name, $0.input) }) { first, _ in first }
        merged.inputs = inputs.map { name, input in
            guard let its = others[name] else { return (name, input.optional) }
            return (name, input.union(its))
        }
        let known = Set(inputs.map(\.name))
        merged.inputs += other.inputs.filter { !known.contains($0.name) }.map { ($0.name, $0.input.optional) }
        merged.outputs = (0..<max(outputs.count, other.outputs.count)).map { position in
            guard position < outputs.count else { return other.outputs[position] }
            guard position < other.outputs.count else { return outputs[position] }
            return outputs[position] == other.outputs[position] ? outputs[position] : nil
        }
        return merged
    }
}

extension ObjectInfoDigest.Input {
    fileprivate var optional: Self {
        var input = self
        input.isRequired = false
        return input
    }

    fileprivate func union(_ other: Self) -> Self {
        var merged = self
        merged.isRequired = isRequired && other.isRequired
        guard type == other.type else {
            // Of another type elsewhere: nothing can be said of a value.
            merged.type = "*"
            (merged.minimum, merged.maximum, merged.choices) = (nil, nil, nil)
            return merged
        }
        merged.minimum = Self.wider(minimum, other.minimum) { $0.double <= $1.double }
        merged.maximum = Self.wider(maximum, other.maximum) { $0.double >= $1.double }
        if let choices, let others = other.choices {
            let known = Set(choices)
            let all = choices + others.filter { !known.contains($0) }
            merged.choices = all.count <= ObjectInfoDigest.maximumChoices ? all : nil
        } else {
            merged.choices = nil
        }
        return merged
    }

    private static func wider(
        _ a: JSON.Number?, _ b: JSON.Number?, _ isWider: (JSON.Number, JSON.Number) -> Bool
    ) -> JSON.Number? {
        guard let a, let b else { return nil }
        return isWider(a, b) ? a : b
    }
}
