public import JSON

/// A fault of a workflow, as `details.errors` shows it. `docs/workflows.md` lists the codes.
public struct WorkflowFault: Sendable, Hashable, Error {
    /// The node concerned; nil when the fault is the whole graph's.
    public var nodeID: String?
    /// The class of that node, when it has one.
    public var classType: String?
    /// The input concerned; nil when the fault is the node's.
    public var input: String?
    /// `too_many_nodes`, `cycle`, `missing_link_target`, `node_not_allowed`, …
    public var code: String
    /// One sentence that says what was found and what is expected.
    public var message: String

    /// Node id, class and input come from a user: they are cut to 64 characters here, once for all.
    public init(
        nodeID: String? = nil, classType: String? = nil, input: String? = nil, code: String, message: String
    ) {
        self.nodeID = nodeID?.clipped(to: 64)
        self.classType = classType?.clipped(to: 64)
        self.input = input?.clipped(to: 64)
        self.code = code
        self.message = message
    }

    /// An object of five members; those without a value are null.
    public var json: JSON {
        [
            "node_id": nodeID.map(JSON.string) ?? .null,
            "class_type": classType.map(JSON.string) ?? .null,
            "input": input.map(JSON.string) ?? .null,
            "code": .string(code),
            "message": .string(message),
        ]
    }
}

/// All faults of a workflow at once; never empty when thrown.
public struct WorkflowFaults: Error, Sendable {
    /// More than this many are counted, not listed: an answer has a size too.
    public static let maximum = 200

    /// At most `maximum`, and then one `more_faults` that counts the rest.
    public var faults: [WorkflowFault]

    /// Keeps the first `maximum`.
    public init(_ faults: [WorkflowFault]) {
        let rest = faults.count - Self.maximum
        self.faults = Array(faults.prefix(Self.maximum))
        if rest > 0 {
            self.faults.append(
                WorkflowFault(code: "more_faults", message: "\(rest) more faults are not listed."))
        }
    }
}

extension String {
    /// The first `length` scalars, and an ellipsis when there were more: for texts of users in messages.
    func clipped(to length: Int) -> String {
        // The walk stops at the limit: a text of megabytes costs no more than a short one.
        guard let end = unicodeScalars.index(startIndex, offsetBy: length, limitedBy: endIndex),
            end < endIndex
        else { return self }
        return String(unicodeScalars[..<end]) + "…"
    }

    /// Clipped and in quotation marks.
    var quoted: String { "'\(clipped(to: 80))'" }
}
