public import Time
import HTTP

extension S3 {
    /// What S3 says of an object.
    public struct ObjectInfo: Sendable {
        /// With its quotes. No checksum: what it is made from depends on encryption and parts.
        public var etag: String?
        /// Of the whole object, in bytes, also where only a range of it came; nil after a put.
        public var size: Int?
        /// `Content-Type`; nil after a put.
        public var contentType: String?
        /// When it was stored.
        public var lastModified: Timestamp?
        /// nil for `STANDARD`, as S3 says it.
        public var storageClass: String?
        /// Where the bucket keeps versions.
        public var versionID: String?
        /// `AES256`, `aws:kms` or `aws:kms:dsse`.
        public var encryption: String?
        /// The key's ARN, with `aws:kms`.
        public var kmsKeyID: String?
        /// Of the whole object, in base64. What S3 has only of its parts is left out.
        public var checksums: [ChecksumAlgorithm: String] = [:]
        /// `x-amz-meta-*`, without the prefix, names in lower case.
        public var metadata: [String: String]

        /// What is known of an object.
        public init(
            etag: String? = nil, size: Int? = nil, contentType: String? = nil,
            metadata: [String: String] = [:]
        ) {
            self.etag = etag
            self.size = size
            self.contentType = contentType
            self.metadata = metadata
        }

        init(_ headers: HTTPHeaders) {
            let prefix = "x-amz-meta-"
            metadata = [:]
            for (name, value) in headers where name.lowercased().hasPrefix(prefix) {
                metadata[String(name.lowercased().dropFirst(prefix.count))] = value
            }
            etag = headers["etag"]
            // `bytes 0-9/100`
            let total = headers["content-range"]?.split(separator: "/").last
            size = (total.map(String.init) ?? headers["content-length"]).flatMap { Int($0) }
            contentType = headers["content-type"]
            lastModified = headers["last-modified"].flatMap { Timestamp(httpDate: $0) }
            storageClass = headers["x-amz-storage-class"]
            versionID = headers["x-amz-version-id"]
            encryption = headers["x-amz-server-side-encryption"]
            kmsKeyID = headers["x-amz-server-side-encryption-aws-kms-key-id"]
            checksums = Self.checksums(headers)
        }

        /// What a put was answered with: its length and type are the answer's own.
        init(stored headers: HTTPHeaders) {
            self.init(headers)
            (size, contentType, lastModified, metadata) = (nil, nil, nil, [:])
        }

        /// A checksum of checksums ends in `-` and the number of parts.
        private static func checksums(_ headers: HTTPHeaders) -> [ChecksumAlgorithm: String] {
            var checksums: [ChecksumAlgorithm: String] = [:]
            for algorithm in ChecksumAlgorithm.allCases {
                guard let value = headers[algorithm.header], !value.utf8.contains(UInt8(ascii: "-")) else {
                    continue
                }
                checksums[algorithm] = value
            }
            return checksums
        }
    }
}
