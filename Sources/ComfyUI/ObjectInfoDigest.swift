public import JSON

/// What a worker's node classes take and give, cut down from its `/object_info` to what validation needs: what
/// `sweep` stores, so that the API never calls a worker.
public struct ObjectInfoDigest: Sendable {
    /// An input of a class.
    struct Input: Sendable {
        var isRequired: Bool
        /// `INT`, `IMAGE`, …; `COMBO` for a choice.
        var type: String
        var minimum: JSON.Number?
        var maximum: JSON.Number?
        /// nil when any value is to be let through.
        var choices: [JSON]?
    }
    /// A node class.
    struct Class: Sendable {
        var inputs: [(name: String, input: Input)]
        /// The types of its outputs; nil for one that is no plain type.
        var outputs: [String?]
        var isOutput: Bool
    }

    /// Lists of choices longer than this are not kept (they would be some installation's thousands of files).
    static let maximumChoices = 2000

    var classes: [String: Class]
    var names: [String]

    /// From a worker's answer to `GET /object_info`. What is not in the expected form is left out: a digest may
    /// let through what ComfyUI will refuse, never the other way round.
    public init(objectInfo: JSON) {
        classes = [:]
        names = []
        for (name, info) in objectInfo.object ?? [:] {
            guard let inputs = info["input"]?.object else { continue }
            var found: [(String, Input)] = []
            for (section, isRequired) in [("required", true), ("optional", false)] {
                for (inputName, specification) in inputs[section]?.object ?? [:] {
                    found.append((inputName, Input(specification, isRequired: isRequired)))
                }
            }
            classes[name] = Class(
                inputs: found, outputs: info["output"]?.array?.map(\.string) ?? [],
                isOutput: info["output_node"]?.bool ?? false)
            names.append(name)
        }
    }

    /// What `serialized` wrote; nil for anything else.
    public init?(serialized: JSON) {
        guard serialized["version"]?.int == 1, let stored = serialized["classes"]?.object else { return nil }
        classes = [:]
        names = []
        for (name, value) in stored {
            guard let inputs = value["in"]?.array, let outputs = value["out"]?.array else { return nil }
            var read: [(String, Input)] = []
            for input in inputs {
                guard let inputName = input["n"]?.string, let type = input["t"]?.string else { return nil }
                read.append(
                    (
                        inputName,
                        Input(
                            isRequired: input["r"]?.bool ?? false, type: type, minimum: input["min"]?.number,
                            maximum: input["max"]?.number, choices: input["c"]?.array)
                    ))
            }
            classes[name] = Class(
                inputs: read, outputs: outputs.map(\.string), isOutput: value["save"]?.bool ?? false)
            names.append(name)
        }
    }

    /// JSON of a version of its own, in the worker's order: equal workers give equal bytes.
    public var serialized: JSON {
        var stored = JSON.Object()
        for name in names {
            guard let value = classes[name] else { continue }
            let inputs = value.inputs.map { name, input -> JSON in
                var object: JSON.Object = ["n": .string(name), "t": .string(input.type)]
                if input.isRequired { object["r"] = true }
                if let minimum = input.minimum { object["min"] = .number(minimum) }
                if let maximum = input.maximum { object["max"] = .number(maximum) }
                if let choices = input.choices { object["c"] = .array(choices) }
                return .object(object)
            }
            var object: JSON.Object = [
                "in": .array(inputs), "out": .array(value.outputs.map { $0.map(JSON.string) ?? .null }),
            ]
            if value.isOutput { object["save"] = true }
            stored[name] = .object(object)
        }
        return ["version": 1, "classes": .object(stored)]
    }

    /// The node classes that the worker has, in its order.
    public var classNames: [String] { names }

    /// Whether the worker calls it an output node.
    public func isOutput(_ classType: String) -> Bool { classes[classType]?.isOutput ?? false }
}

extension ObjectInfoDigest.Input {
    /// `["INT", {"min": 1}]`, `[["a", "b"]]`, `["COMBO", {"options": […]}]`.
    fileprivate init(_ specification: JSON, isRequired: Bool) {
        let options = specification[1]
        self.isRequired = isRequired
        minimum = options?["min"]?.number
        maximum = options?["max"]?.number
        var listed: [JSON]?
        if let choices = specification[0]?.array {
            type = "COMBO"
            listed = choices
        } else {
            type = specification[0]?.string ?? "*"
            if type == "COMBO" { listed = options?["options"]?.array }
        }
        // The list of an upload input names only files directly in input/, and others are valid too; a list
        // fetched from elsewhere or for several choices is checked by the worker.
        let isOpen = options?.object?.contains { key, value in
            (key.hasSuffix("_upload") || key == "multiselect") && value == .bool(true)
                || key == "remote" || key.hasSuffix("_folder")
        }
        if isOpen == true || (listed?.count ?? 0) > ObjectInfoDigest.maximumChoices { listed = nil }
        choices = listed
    }
}
