import HTTP
import Time

extension S3 {
    /// Bytes of an object, counted from 0.
    public enum ByteRange: Sendable, Hashable {
        /// Some in the middle; those beyond the end are left out.
        case bytes(ClosedRange<Int>)
        /// From one to the end.
        case from(Int)
        /// The last so many.
        case last(Int)

        /// As RFC 9110 §14.1.2 writes it; nil for one that names no bytes.
        var header: String? {
            switch self {
            case .bytes(let range) where range.lowerBound >= 0:
                "bytes=\(range.lowerBound)-\(range.upperBound)"
            case .from(let start) where start >= 0: "bytes=\(start)-"
            case .last(let count) where count > 0: "bytes=-\(count)"
            default: nil
            }
        }
    }

    /// Which object, and how much of it.
    public struct GetOptions: Sendable {
        /// nil is the whole object. Of a range no checksum is verified: S3 has none of it.
        public var range: ByteRange?
        /// `If-Match`: `preconditionFailed` when the object is another one now.
        public var onlyIfMatches: String?
        /// `If-None-Match`: `notModified` when the object is still this one.
        public var onlyIfChanged: String?
        /// A version that is not the last.
        public var versionID: String?

        /// The whole object as it is now.
        public init() {}

        func apply(to call: inout Call, _ policy: ChecksumPolicy) throws(AWSError) {
            if let range {
                guard let header = range.header else {
                    throw call.operation.invalid("the range \(range) names no bytes")
                }
                call.headers["range"] = header
            } else if policy == .whenSupported {
                call.headers["x-amz-checksum-mode"] = "ENABLED"
            }
            call.headers["if-match"] = onlyIfMatches
            call.headers["if-none-match"] = onlyIfChanged
            if let versionID { call.query.append(("versionId", versionID)) }
        }
    }
}
