public import JSON

/// A file that a run left on the worker.
public struct OutputFile: Sendable, Hashable {
    /// The node that made it.
    public var nodeID: String
    /// As ComfyUI named it: never a key or a path of ours.
    public var filename: String
    /// Below the folder of its type; may be empty.
    public var subfolder: String
    /// `output`, `temp` or `input`: which of the worker's folders.
    public var type: String

    /// A file by its parts.
    public init(nodeID: String, filename: String, subfolder: String = "", type: String = "output") {
        self.nodeID = nodeID
        self.filename = filename
        self.subfolder = subfolder
        self.type = type
    }
}

/// How a run ended, from `/history/{prompt id}`.
public struct HistoryEntry: Sendable {
    /// The end of a run.
    public enum Outcome: Sendable, Hashable {
        /// Every node ran, was cached or was blocked: there may be no files all the same.
        case success
        /// Somebody stopped it.
        case interrupted
        /// A node raised an exception.
        case failed(NodeFailure)
    }

    /// A node's exception, without traceback and inputs, and without paths in its message.
    public struct NodeFailure: Sendable, Hashable {
        /// Empty when ComfyUI did not say.
        public var nodeID: String
        /// The node's class; empty when ComfyUI did not say.
        public var classType: String
        /// As Python names it: `ValueError`, `torch.OutOfMemoryError`.
        public var exceptionType: String
        /// At most 500 characters, redacted.
        public var message: String
        /// The worker had not enough memory: the same job may run elsewhere or smaller.
        public var isOutOfMemory: Bool
    }

    /// How it ended.
    public var outcome: Outcome
    /// From every key of `outputs`, each once; previews (`type: temp`) are left out. A failed run may have some.
    public var files: [OutputFile]
    /// Texts that nodes showed, by node; each at most 100,000 characters.
    public var texts: [(nodeID: String, text: String)]

    /// An entry by its parts.
    public init(outcome: Outcome, files: [OutputFile] = [], texts: [(nodeID: String, text: String)] = []) {
        self.outcome = outcome
        self.files = files
        self.texts = texts
    }

    /// The value of `/history`'s member for one prompt; nil while it has no final status.
    public init?(_ entry: JSON) {
        guard let status = entry["status"]?.object else { return nil }
        let state = status["status_str"]?.string
        guard status["completed"]?.bool == true || state == "success" || state == "error" else { return nil }
        outcome = Self.outcome(isError: state == "error", status["messages"]?.array ?? [])
        files = []
        texts = []
        var seen: Set<OutputFile> = []
        for (nodeID, output) in entry["outputs"]?.object ?? [:] {
            for file in OutputFile.files(in: output, of: nodeID) where seen.insert(file).inserted {
                files.append(file)
            }
            for (_, items) in output.object ?? [:] {
                for item in items.array ?? [] {
                    if let text = item.string { texts.append((nodeID, text.clipped(to: 100_000))) }
                }
            }
        }
    }

    private static func outcome(isError: Bool, _ messages: [JSON]) -> Outcome {
        guard isError else { return .success }
        for message in messages.reversed() {
            switch message[0]?.string {
            case "execution_interrupted": return .interrupted
            case "execution_error": return .failed(NodeFailure(message[1] ?? .null))
            default: continue
            }
        }
        return .failed(NodeFailure(.null))
    }
}

extension HistoryEntry.NodeFailure {
    /// The data of an `execution_error`, as a frame and a history message have it.
    init(_ data: JSON) {
        let rawMessage = data["exception_message"]?.string ?? ""
        nodeID = (data["node_id"]?.string ?? "").clipped(to: 64)
        classType = (data["node_type"]?.string ?? "").clipped(to: 128)
        exceptionType = (data["exception_type"]?.string ?? "").clipped(to: 128)
        // An exception's text may end in newlines that say nothing.
        var trimmed = rawMessage[...]
        while trimmed.last?.isWhitespace == true { trimmed.removeLast() }
        message = Redaction.redact(String(trimmed))
        if message.isEmpty { message = "The node failed without a message." }
        let text = rawMessage.clipped(to: 2000).lowercased()
        isOutOfMemory =
            exceptionType.hasBytes(of: "OutOfMemory") || exceptionType == "MemoryError"
            || text.hasBytes(of: "out of memory") || text.hasBytes(of: "can't allocate memory")
            || text.hasBytes(of: "allocation on device")
    }
}

extension OutputFile {
    /// The files that one node's output names, under whatever key, previews (`type: temp`) left out: a member of a
    /// history's `outputs`, or what an `executed` frame carries.
    public static func files(in output: JSON, of nodeID: String) -> [OutputFile] {
        (output.object ?? [:]).flatMap { _, items in
            (items.array ?? []).compactMap { OutputFile($0, nodeID: nodeID) }.filter { $0.type != "temp" }
        }
    }

    private init?(_ item: JSON, nodeID: String) {
        guard let filename = item["filename"]?.string, !filename.isEmpty else { return nil }
        self.init(
            nodeID: nodeID, filename: filename, subfolder: item["subfolder"]?.string ?? "",
            type: item["type"]?.string ?? "output")
    }
}
