internal import JSON

/// ComfyUI's refusal of a prompt in the form of our own faults: `node_errors` hold tracebacks, lists of every
/// model and the values themselves, none of which is passed on.
struct Rejection {
    let faults: [WorkflowFault]

    /// The body of a 400, or of a 200 whose `node_errors` are not empty; nil when it refuses nothing.
    init?(_ body: JSON) {
        var faults: [WorkflowFault] = []
        for (id, node) in body["node_errors"]?.object ?? [:] {
            for error in (node["errors"]?.array ?? []).prefix(10) where faults.count < 50 {
                faults.append(Self.fault(error, nodeID: id, classType: node["class_type"]?.string))
            }
        }
        // Without node errors the reason stands at the top, and with them the top only counts them.
        if faults.isEmpty, let error = body["error"], error.object != nil {
            let extra = error["extra_info"]
            faults.append(
                Self.fault(error, nodeID: extra?["node_id"]?.string, classType: extra?["class_type"]?.string))
        } else if faults.isEmpty, let text = body["error"]?.string {
            faults.append(WorkflowFault(code: "rejected", message: Redaction.redact(text)))
        }
        if faults.isEmpty { return nil }
        self.faults = faults
    }

    private static func fault(_ error: JSON, nodeID: String?, classType: String?) -> WorkflowFault {
        let message = error["message"]?.string ?? "ComfyUI refused the node."
        let details = error["details"]?.string ?? ""
        let whole = details.isEmpty || details == message ? message : "\(message): \(details)"
        return WorkflowFault(
            nodeID: nodeID, classType: classType, input: error["extra_info"]?["input_name"]?.string,
            code: (error["type"]?.string ?? "rejected").clipped(to: 64),
            message: Redaction.redact(whole, length: 300))
    }

    var error: ComfyUIError {
        ComfyUIError(
            .rejected, "ComfyUI refused the workflow: \(faults[0].message)",
            details: ["errors": .array(faults.map(\.json))])
    }
}
