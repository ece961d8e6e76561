import JSON

/// A binary frame of `/ws` that shows what a running node has made so far.
///
/// ComfyUI's `protocol.py` numbers the kinds: 1 is the picture behind its format, 4 the picture behind what describes it, which comes only to
/// a client that has asked for it.
public struct PreviewFrame: Sendable, Hashable {
    /// The picture as it was sent: what it is, its own bytes have to say.
    public let image: [UInt8]
    /// The node as the graph names it; nil when the frame does not say.
    public let nodeID: String?
    /// The prompt that it belongs to; nil when the frame does not say.
    public let promptID: String?

    /// A larger picture is not taken. ComfyUI's have about 37 KB, 512 pixels at the most unless its operator wants more.
    public static let imageLimit = 1 << 20
    private static let metadataLimit = 16 << 10

    /// nil for any other frame, and for one that is not in its form.
    public init?(frame: [UInt8]) {
        guard let kind = Self.number(frame, at: 0), let second = Self.number(frame, at: 4) else { return nil }
        let metadata: JSON?
        switch kind {
        case 1: metadata = nil
        case 4:
            guard second <= Self.metadataLimit, frame.count >= 8 + second else { return nil }
            guard let found = try? JSON(parsing: Array(frame[8..<8 + second])), found.object != nil else {
                return nil
            }
            metadata = found
        default: return nil
        }
        let picture = frame.dropFirst(8 + (metadata == nil ? 0 : second))
        guard !picture.isEmpty, picture.count <= Self.imageLimit else { return nil }
        image = Array(picture)
        // A node inside one that expanded is shown as that one.
        nodeID = metadata?["display_node_id"]?.string ?? metadata?["node_id"]?.string
        promptID = metadata?["prompt_id"]?.string
    }

    /// Big-endian; nil past the end.
    private static func number(_ frame: [UInt8], at offset: Int) -> Int? {
        guard frame.count >= offset + 4 else { return nil }
        return frame[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }
}
