internal import JSON

/// What is known of node classes without a worker: which are allowed by default and why, which leave outputs
/// behind, which inputs name files, and which inputs decide how much a run costs.
public struct NodeCatalog: Sendable {
    /// One class.
    struct Entry: Sendable {
        /// What an output node leaves behind.
        enum Output: String { case image, video, audio, text }
        /// What an input that names a file may name.
        enum File: String {
            /// A picture that this job uploaded.
            case upload
            /// A model in the worker's own folders.
            case model
            /// The beginning of an output's name.
            case prefix
        }

        /// Why it is allowed, or why it is not, in half a sentence.
        var reason: String
        var isAllowed: Bool
        var output: Output?
        var files: [String: File]
        /// The inputs that set the size and number of pictures.
        var width: String?
        var height: String?
        var megapixels: String?
        var batch: String?
        /// The inputs that add to, multiply or repeat what comes in.
        var padding: [String]
        var scale: String?
        var fixedScale: Double?
        var repeats: String?
        /// Its pictures are those of all inputs one after the other.
        var joins: Bool
        var steps: String?
        /// Bounds of other inputs that would take a worker down.
        var ranges: [String: ClosedRange<Double>]
    }

    private var entries: [String: Entry]

    /// The built-in one, parsed once from `NodeCatalog+Data.swift`.
    public static let standard = NodeCatalog(data: standardData)

    /// Of `{"Class": {"why": …}}`; see `NodeCatalog+Data.swift` for the members.
    init(data: String) {
        guard let document = try? JSON(parsing: data), let classes = document.object else {
            preconditionFailure("the node catalog compiled in is no JSON object")
        }
        entries = [:]
        for (name, value) in classes { entries[name] = Entry(value) }
    }

    /// nil for a class that it does not know.
    subscript(classType: String) -> Entry? {
        if let entry = entries[classType] { return entry }
        // New families of models bring an EmptyXLatentImage of their own with the same three inputs.
        if classType.hasPrefix("Empty"), classType.hasBytes(of: "Latent") || classType.hasSuffix("Image") {
            var entry = Entry(["why": "not known to this version", "allowed": false])
            entry.width = "width"
            entry.height = "height"
            entry.batch = "batch_size"
            return entry
        }
        return nil
    }

    /// The classes allowed by default, with the reason for each, by name.
    public var allowed: [(classType: String, reason: String)] {
        entries.filter(\.value.isAllowed).map { ($0.key, $0.value.reason) }.sorted { $0.0 < $1.0 }
    }

    /// Classes known and refused by default, with the reason for each, by name.
    public var refused: [(classType: String, reason: String)] {
        entries.filter { !$0.value.isAllowed }.map { ($0.key, $0.value.reason) }.sorted { $0.0 < $1.0 }
    }

    /// Whether the class names an input that takes a model of the worker's.
    func namesModel(_ classType: String, input: String) -> Bool {
        self[classType]?.files[input] == .model
    }

    /// Whether the class names an input that takes one of the job's own uploads.
    func takesUpload(_ classType: String, input: String) -> Bool {
        self[classType]?.files[input] == .upload
    }
}

extension NodeCatalog.Entry {
    init(_ json: JSON) {
        reason = json["why"]?.string ?? ""
        isAllowed = json["allowed"]?.bool ?? true
        output = json["output"]?.string.flatMap(Output.init)
        files = [:]
        for (input, kind) in json["files"]?.object ?? [:] {
            files[input] = kind.string.flatMap(File.init)
        }
        width = json["width"]?.string
        height = json["height"]?.string
        megapixels = json["megapixels"]?.string
        batch = json["batch"]?.string
        padding = json["padding"]?.array?.compactMap(\.string) ?? []
        scale = json["scale"]?.string
        fixedScale = json["scale"]?.double
        repeats = json["repeats"]?.string
        joins = json["joins"]?.bool ?? false
        steps = json["steps"]?.string
        ranges = [:]
        for (input, range) in json["ranges"]?.object ?? [:] {
            guard let low = range[0]?.double, let high = range[1]?.double, low <= high else { continue }
            ranges[input] = low...high
        }
    }
}
