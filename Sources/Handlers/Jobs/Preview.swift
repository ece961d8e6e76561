import AWSClients
import JSON
import Time

/// What a running job has made so far, as its progress names it: the picture itself is in the bucket, under `OutputKey.preview`.
struct Preview: Sendable, Hashable {
    /// When it was taken; no two of a job are of the same moment.
    var takenAt: Timestamp
    /// nil when the worker did not say.
    var nodeID: String?
    var contentType: String
    var width: Int
    var height: Int

    /// As an attribute of the item that holds the progress.
    var attribute: AttributeValue {
        var map: Item = [
            "at": .n(takenAt.milliseconds), "type": .s(contentType), "width": .n(width), "height": .n(height),
        ]
        map["node"] = nodeID.map { .s($0) }
        return .m(map)
    }

    init(takenAt: Timestamp, nodeID: String?, contentType: String, width: Int, height: Int) {
        self.takenAt = takenAt
        self.nodeID = nodeID
        self.contentType = contentType
        self.width = width
        self.height = height
    }

    /// nil for what `attribute` did not make.
    init?(_ attribute: AttributeValue) {
        guard let map = attribute.map, let at = map["at"]?.int64, let type = map["type"]?.string,
            let width = map["width"]?.int, let height = map["height"]?.int
        else { return nil }
        self.init(
            takenAt: Timestamp(milliseconds: at), nodeID: map["node"]?.string, contentType: type,
            width: width, height: height)
    }

    /// The data of the event `preview`. `part`: of a job that is run in parts.
    func json(part: Int?, at address: OutputAddress) -> JSON {
        var json: JSON.Object = [
            "taken_at": .string(takenAt.rfc3339), "node_id": nodeID.map(JSON.string) ?? .null,
            "content_type": .string(contentType), "width": .number(width), "height": .number(height),
            "url": .string(address.url),
            "url_expires_at": address.expires.map { .string($0.rfc3339) } ?? .null,
        ]
        if let part { json["part"] = .number(part) }
        return .object(json)
    }
}
