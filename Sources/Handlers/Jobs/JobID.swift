import Crypto

extension Job {
    /// Names a job, or one of the independent parts of a job: both are run alike.
    ///
    /// As text a job is its UUID, a part of it `<uuid>/p<number>`: in a slot's item, a doorbell, a log line and the name of
    /// an output.
    struct ID: Sendable, Hashable, CustomStringConvertible {
        /// UUIDv7: ids sort by the time they were made. Its parts share it.
        let uuid: UUID
        /// From 0; nil is the job itself.
        let part: Int?

        init(_ uuid: UUID, part: Int? = nil) {
            self.uuid = uuid
            self.part = part
        }

        /// nil for what `description` does not write.
        init?(_ text: String) {
            let pieces = text.split(separator: "/", omittingEmptySubsequences: false)
            guard let first = pieces.first, let uuid = UUID(String(first)) else { return nil }
            switch pieces.count {
            case 1: self.init(uuid)
            case 2:
                guard pieces[1].first == "p", let part = Int(pieces[1].dropFirst()),
                    (0..<Job.maximumParts).contains(part)
                else { return nil }
                self.init(uuid, part: part)
            default: return nil
            }
        }

        /// The job that a part belongs to; of a job, itself.
        var whole: ID { ID(uuid) }

        var description: String { part.map { "\(uuid)/p\($0)" } ?? "\(uuid)" }
    }

    /// How many parts of one job are run apart.
    static let maximumParts = 25
}
