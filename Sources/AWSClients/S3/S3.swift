public import HTTP

/// S3 (restXml, version 2006-03-01).
public struct S3: Sendable {
    /// What S3 says of an object.
    public struct ObjectInfo: Sendable {
        /// With its quotes.
        public var etag: String?
        /// In bytes; nil after a put.
        public var size: Int?
        /// `Content-Type`; nil after a put.
        public var contentType: String?
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
    }

    /// What goes with an object.
    public struct PutOptions: Sendable {
        /// `Content-Type`.
        public var contentType: String?
        /// `Content-Disposition`.
        public var contentDisposition: String?
        /// `Cache-Control`.
        public var cacheControl: String?
        /// `x-amz-meta-*`: printable ASCII, 2 KB in all.
        public var metadata: [String: String] = [:]
        /// `If-None-Match: *`: `preconditionFailed` when there is an object already.
        public var onlyIfAbsent = false

        /// Options with nothing but a type.
        public init(contentType: String? = nil) { self.contentType = contentType }
    }

    /// An object whose bytes are still coming.
    public struct Body: Sendable {
        /// Known before the first byte.
        public var info: ObjectInfo
        /// Dropping it cancels the transfer.
        public var stream: HTTPClient.StreamingResponse
    }

    let client: AWSClient

    /// Calls through a client. Objects go to the bucket's own host, or behind the path where the address is configured
    /// or the bucket's name has dots.
    public init(_ client: AWSClient) { self.client = client }
}
