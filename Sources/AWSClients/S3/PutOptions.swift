import HTTP

extension S3 {
    /// What S3 encrypts an object with.
    public enum Encryption: Sendable, Hashable {
        /// Keys of S3's own (`AES256`), which is what it does unasked.
        case s3
        /// A key of KMS, the account's `aws/s3` where none is named.
        case kms(keyID: String? = nil)
    }

    /// Where an object is kept (https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html).
    public struct StorageClass: RawRepresentable, Sendable, Hashable {
        /// As S3 writes it.
        public let rawValue: String
        /// Any class: S3 knows which there are.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// What S3 takes unless told otherwise.
        public static let standard = StorageClass(rawValue: "STANDARD")
        /// Seldom read, at once available.
        public static let infrequentAccess = StorageClass(rawValue: "STANDARD_IA")
        /// S3 moves it by how it is read.
        public static let intelligentTiering = StorageClass(rawValue: "INTELLIGENT_TIERING")
        /// Archive with access at once.
        public static let glacierInstantRetrieval = StorageClass(rawValue: "GLACIER_IR")
    }

    /// What goes with an object.
    public struct PutOptions: Sendable {
        /// `Content-Type`.
        public var contentType: String?
        /// `Content-Disposition`.
        public var contentDisposition: String?
        /// `Content-Encoding`.
        public var contentEncoding: String?
        /// `Cache-Control`.
        public var cacheControl: String?
        /// `x-amz-meta-*`: printable ASCII, 2 KB in all.
        public var metadata: [String: String] = [:]
        /// At most ten, for lifecycle rules and costs.
        public var tags: [String: String] = [:]
        /// nil is S3's own choice, `STANDARD`.
        public var storageClass: StorageClass?
        /// nil is the bucket's own.
        public var encryption: Encryption?
        /// `If-None-Match: *`: `preconditionFailed` when there is an object already.
        public var onlyIfAbsent = false
        /// `If-Match`: `preconditionFailed` when the object is not the one with this ETag any more.
        public var onlyIfMatches: String?
        /// nil is CRC-64/NVME, or none where the client sends checksums only when required.
        public var checksum: ChecksumAlgorithm?
        /// False leaves the chunks of a streamed body unsigned, which saves a SHA-256 over it; only over TLS, and with
        /// a checksum.
        public var signsStream = true

        /// Options with nothing but a type.
        public init(contentType: String? = nil) { self.contentType = contentType }
    }
}

extension S3.PutOptions {
    static let maximumTags = 10
    static let maximumMetadataBytes = 2048

    /// Refuses what could not stand in a header, and what S3 would refuse.
    func headers(_ operation: Operation) throws(AWSError) -> HTTPHeaders {
        var headers: HTTPHeaders = [:]
        headers["content-type"] = contentType
        headers["content-disposition"] = contentDisposition
        headers["content-encoding"] = contentEncoding
        headers["cache-control"] = cacheControl
        if onlyIfAbsent { headers["if-none-match"] = "*" }
        headers["if-match"] = onlyIfMatches
        headers["x-amz-storage-class"] = storageClass?.rawValue
        switch encryption {
        case nil: break
        case .s3: headers["x-amz-server-side-encryption"] = "AES256"
        case .kms(let keyID):
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = keyID
        }
        if !tags.isEmpty { headers["x-amz-tagging"] = try S3.query(tags, operation) }
        var size = 0
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte) else {
                throw operation.invalid(
                    "the metadata name \"\(name.prefix(80))\" is not letters, digits, - and _")
            }
            size += name.utf8.count + value.utf8.count
            headers["x-amz-meta-\(name)"] = value
        }
        guard size <= Self.maximumMetadataBytes else {
            throw operation.invalid("metadata of \(size) bytes; at most 2,048 (2 KB) are allowed")
        }
        for (name, value) in headers where !value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            throw operation.invalid("the value of \(name) is not printable ASCII")
        }
        return headers
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }
}
