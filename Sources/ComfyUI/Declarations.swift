// Declarations agreed on; to be split into one noun a file (WorkflowGraph, WorkflowFormat, WorkflowRules, NodeCatalog, ComfyUIClient, Progress, ExecutionEvent, ExecutionWatcher, OutputFile, …).
public import HTTP
public import JSON

/// A fault of a workflow, as `details.errors` shows it.
public struct WorkflowFault: Sendable, Hashable, Error {
    public var nodeID: String?
    public var classType: String?
    public var input: String?
    /// `too_many_nodes`, `cycle`, `missing_link_target`, `node_not_allowed`, …: listed in `docs/workflows.md`.
    public var code: String
    public var message: String
    public init(nodeID: String? = nil, classType: String? = nil, input: String? = nil, code: String, message: String) { fatalError("stub") }
    public var json: JSON { fatalError("stub") }
}
/// All faults at once.
public struct WorkflowFaults: Error, Sendable { public var faults: [WorkflowFault]; public init(_ faults: [WorkflowFault]) { self.faults = faults } }

/// A workflow in ComfyUI's API format, in the order written.
public struct WorkflowGraph: Sendable, Hashable {
    public struct Node: Sendable, Hashable { public var id: String; public var classType: String; public var inputs: JSON.Object }
    public private(set) var nodes: [Node]
    /// Accepts the three formats of `api.md`, refuses the editor's own with how to export the right one. Shape faults only; `WorkflowRules` does the rest.
    public init(normalizing json: JSON) throws(WorkflowFaults) { fatalError("stub") }
    /// `{"<node>.<input>": value}`; faults for a node or an input that is not there, or a value that would make a link.
    public mutating func apply(overrides: JSON.Object) throws(WorkflowFaults) { fatalError("stub") }
    /// Only `class_type` and `inputs`: what is stored and sent.
    public var json: JSON { fatalError("stub") }
    public subscript(id: String) -> Node? { get { fatalError("stub") } set { fatalError("stub") } }
    /// Nodes that save something, in order.
    public func outputNodes(_ catalog: NodeCatalog) -> [String] { fatalError("stub") }
    /// Weakly connected components with an output node (for `execution_mode: parallel`).
    public func independentParts(_ catalog: NodeCatalog) -> [WorkflowGraph] { fatalError("stub") }
    /// What is sent for this run: SaveImageWebsocket as SaveImage, every filename_prefix made unique (`comfy/{runID}/…`).
    public func submission(runID: String, catalog: NodeCatalog) -> JSON { fatalError("stub") }
    /// How many pictures it makes at the most (batch × repeat × outputs): the unit of quotas.
    public func pictureCount(_ catalog: NodeCatalog) -> Int { fatalError("stub") }
    /// First checkpoint named (`ckpt_name`): a worker that has it warm is chosen.
    public var checkpoint: String? { fatalError("stub") }
}
/// What is known of node classes without a worker: the allow list's data file with a reason a node, which are outputs, which inputs are files, the limits.
public struct NodeCatalog: Sendable {
    /// The built-in one, parsed once from a JSON string literal compiled in (the static binary has no resources).
    public static var standard: NodeCatalog { fatalError("stub") }
}
public struct WorkflowRules: Sendable {
    public var maximumNodes = 100
    public var maximumImagePixels = 1_048_576
    public var maximumTextLength = 5000
    public var maximumSteps = 150
    public var maximumBatch = 4
    public var catalog: NodeCatalog
    /// `ALLOWED_NODE_TYPES`: a comma list, `*`, or `+Name` to add; nil = the default.
    public init(allowedNodeTypes: String? = nil) { fatalError("stub") }
    /// Every fault of every node. `uploads`: the file names that LoadImage may name. `objectInfo`: the digest of a worker's `/object_info` when known.
    public func faults(in graph: WorkflowGraph, uploads: Set<String> = [], objectInfo: ObjectInfoDigest? = nil) -> [WorkflowFault] { fatalError("stub") }
}
/// Required inputs, types, ranges and choices of a worker's classes: what `sweep` stores (gzip JSON ≤ 300 KB).
public struct ObjectInfoDigest: Sendable {
    public init(objectInfo: JSON) { fatalError("stub") }
    public init?(serialized: JSON) { fatalError("stub") }
    public var serialized: JSON { fatalError("stub") }
}
/// A file that a run left on the worker.
public struct OutputFile: Sendable, Hashable { public var nodeID: String; public var filename: String; public var subfolder: String; public var type: String }
public struct ComfyUIError: Error, Sendable, CustomStringConvertible {
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        /// 400 with node errors, or 200 with dropped outputs.
        public static let rejected = Code(rawValue: "rejected")
        /// Not reachable, time-out, connection lost.
        public static let unreachable = Code(rawValue: "unreachable")
        /// An answer that is none of ComfyUI's, or 5xx.
        public static let unexpectedAnswer = Code(rawValue: "unexpectedAnswer")
        public static let notFound = Code(rawValue: "notFound")
        public static let tooLarge = Code(rawValue: "tooLarge")
        public static let cancelled = Code(rawValue: "cancelled")
    }
    public var code: Code
    public var message: String
    /// ComfyUI's node errors when rejected, bounded and redacted.
    public var details: JSON?
    public var status: Int?
    public var underlying: (any Error)?
    /// The prompt may have been queued all the same (500, connection lost after sending): look before sending again.
    public var mayHaveBeenQueued: Bool
    public var description: String { fatalError("stub") }
}
/// How a run ended, from `/history/{prompt id}`.
public struct HistoryEntry: Sendable {
    public enum Outcome: Sendable { case success, interrupted, failed(NodeFailure) }
    public struct NodeFailure: Sendable { public var nodeID: String; public var classType: String; public var exceptionType: String; public var message: String; public var isOutOfMemory: Bool }
    public var outcome: Outcome
    /// From every key of `outputs`; previews (`type: temp`) are left out.
    public var files: [OutputFile]
    /// Texts that nodes showed, by node.
    public var texts: [(nodeID: String, text: String)]
}
public struct QueueState: Sendable { public var running: [String]; public var pending: [String] }
public struct ComfyUIClient: Sendable {
    public init(http: HTTPClient, address: URL, headers: HTTPHeaders = [:]) { fatalError("stub") }
    /// `/prompt`. Throws `rejected` also for a 200 with node errors (the dropped prompt is cancelled first).
    public func submit(_ prompt: JSON, promptID: String, clientID: String) async throws(ComfyUIError) { fatalError("stub") }
    /// nil while it is not complete there.
    public func history(_ promptID: String) async throws(ComfyUIError) -> HistoryEntry? { fatalError("stub") }
    public func deleteHistory(_ promptID: String) async throws(ComfyUIError) { fatalError("stub") }
    public func queue() async throws(ComfyUIError) -> QueueState { fatalError("stub") }
    public func deleteFromQueue(_ promptID: String) async throws(ComfyUIError) { fatalError("stub") }
    /// With the prompt id; the caller has made sure that it is the one running.
    public func interrupt(_ promptID: String) async throws(ComfyUIError) { fatalError("stub") }
    public func view(_ file: OutputFile) async throws(ComfyUIError) -> HTTPClient.StreamingResponse { fatalError("stub") }
    /// The name under which ComfyUI stored it (it renames on a clash).
    public func uploadImage(_ bytes: [UInt8], filename: String, subfolder: String = "", overwrite: Bool = false) async throws(ComfyUIError) -> String { fatalError("stub") }
    public func objectInfo() async throws(ComfyUIError) -> JSON { fatalError("stub") }
    public func systemStats() async throws(ComfyUIError) -> JSON { fatalError("stub") }
    public func free() async throws(ComfyUIError) { fatalError("stub") }
    /// One socket, and never two with one client id at once.
    public func events(clientID: String) async throws(ComfyUIError) -> WebSocket { fatalError("stub") }
}
/// Progress over all nodes; never goes backwards.
public struct Progress: Sendable, Hashable {
    public enum NodeState: String, Sendable { case pending, running, done }
    public private(set) var percent: Int
    public private(set) var value: Int
    public private(set) var maximum: Int
    public private(set) var nodeID: String?
    public private(set) var classType: String?
    public private(set) var nodesDone: Int
    public private(set) var nodesTotal: Int
    public private(set) var nodes: [String: NodeState]
    public init(graph: WorkflowGraph) { fatalError("stub") }
    /// Adds what a frame of our prompt says; true when something changed.
    public mutating func apply(_ event: ExecutionEvent) -> Bool { fatalError("stub") }
    public var json: JSON { fatalError("stub") }
}
/// A text frame of `/ws`, read as a value.
public enum ExecutionEvent: Sendable {
    case started(promptID: String)
    case cached(promptID: String, nodes: [String])
    case executing(promptID: String?, node: String?)
    case progress(promptID: String, node: String?, value: Int, maximum: Int)
    case progressState(promptID: String, nodes: [(node: String, value: Double, maximum: Double, finished: Bool)])
    case executed(promptID: String, node: String, output: JSON)
    case succeeded(promptID: String)
    case failed(promptID: String, HistoryEntry.NodeFailure)
    case interrupted(promptID: String)
    case status(queueRemaining: Int)
    case other(type: String)
    /// nil for what is no frame of ComfyUI's; never throws: the socket is a hint.
    public init?(frame: String) { fatalError("stub") }
}
/// Watches one prompt to its end: the socket for progress, `/history` as the truth. A socket that hears nothing costs at most `silence`.
public struct ExecutionWatcher: Sendable {
    public enum End: Sendable {
        case finished(HistoryEntry)
        /// Neither in queue nor in history: the worker lost it.
        case lost
    }
    public var silence: Duration = .seconds(10)
    public init(client: ComfyUIClient, loop: EventLoop, promptID: String, clientID: String) { fatalError("stub") }
    /// Opens the socket (await this before submitting, so that nothing is missed). A failure to open is no failure of the watch.
    public mutating func open() async { fatalError("stub") }
    /// Closes the socket; safe twice.
    public mutating func close() async { fatalError("stub") }
    /// Throws `unreachable` when the worker does not answer for `patience`, and `cancelled`. Always closes its socket.
    public mutating func watch(patience: Duration, onEvent: @Sendable (ExecutionEvent) async -> Void) async throws(ComfyUIError) -> End { fatalError("stub") }
}
extension ComfyUIError {
    /// An error of a caller's own.
    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) { fatalError("stub") }
}
