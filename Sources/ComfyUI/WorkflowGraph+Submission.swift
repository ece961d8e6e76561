public import JSON

extension WorkflowGraph {
    /// What is sent to ComfyUI for one run.
    ///
    /// `SaveImageWebsocket` becomes `SaveImage`: its pictures would die with the socket. Every
    /// `filename_prefix` becomes `comfy/{runID}/{as written}`: ComfyUI answers a repeated graph from its cache
    /// with the first run's file names, and those files may be gone.
    public func submission(runID: String, catalog: NodeCatalog) -> JSON {
        var sent = self
        for node in nodes {
            var node = node
            if node.classType == "SaveImageWebsocket" { node.classType = "SaveImage" }
            let savesUnderPrefix = catalog[node.classType]?.files["filename_prefix"] != nil
            if let prefix = node.inputs["filename_prefix"]?.string {
                node.inputs["filename_prefix"] = .string("comfy/\(runID)/\(prefix)")
            } else if savesUnderPrefix {
                node.inputs["filename_prefix"] = .string("comfy/\(runID)/ComfyUI")
            }
            sent[node.id] = node
        }
        return sent.json
    }
}
