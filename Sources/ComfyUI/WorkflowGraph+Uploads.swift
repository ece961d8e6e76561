internal import JSON

extension WorkflowGraph {
    /// An input that takes one of the job's own uploads, and what stands in it.
    public struct UploadInput: Sendable, Hashable {
        /// The node.
        public var nodeID: String
        /// Its class.
        public var classType: String
        /// The input's name.
        public var input: String
        /// What the user wrote.
        public var text: String
    }

    /// Every input that names an upload, in the order written.
    public func uploadInputs(_ catalog: NodeCatalog) -> [UploadInput] {
        nodes.flatMap { node in
            node.inputs.compactMap { name, value in
                guard catalog.takesUpload(node.classType, input: name), let text = value.string else {
                    return nil
                }
                return UploadInput(nodeID: node.id, classType: node.classType, input: name, text: text)
            }
        }
    }

    /// Has the inputs that name these uploads name others.
    public mutating func renameUploads(_ names: [String: String], _ catalog: NodeCatalog) {
        for upload in uploadInputs(catalog) {
            if let name = names[upload.text] {
                setInput(upload.input, of: upload.nodeID, to: .string(name))
            }
        }
    }
}
