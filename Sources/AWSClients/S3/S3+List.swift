import HTTP
public import Time

extension S3 {
    /// An object in a list.
    public struct ListedObject: Sendable, Hashable {
        /// As it was stored.
        public var key: String
        /// In bytes.
        public var size: Int
        /// With its quotes.
        public var etag: String?
        /// When it was stored.
        public var lastModified: Timestamp?
        /// `STANDARD` and its like.
        public var storageClass: String?
    }

    /// A page of a list; it may be empty and not the last.
    public struct Page: Sendable {
        /// Objects in the order of their keys' bytes.
        public var objects: [ListedObject]
        /// What keys have in common up to the delimiter: the folders.
        public var prefixes: [String]
        /// Where the next page begins; nil at the end.
        public var nextToken: String?
    }

    /// Which objects of a bucket.
    public struct ListOptions: Sendable {
        /// What keys begin with.
        public var prefix: String?
        /// Keys that have it after the prefix are not listed one by one.
        public var delimiter: String?
        /// Only keys behind this one.
        public var startAfter: String?
        /// Objects a page, 1 to 1,000.
        public var pageSize = 1000

        /// All of them.
        public init() {}
    }

    /// All pages (ListObjectsV2), each asked for when it is wanted.
    public func list(_ bucket: String, _ options: ListOptions = .init()) -> Pages {
        Pages(s3: self, bucket: bucket, options: options)
    }

    func page(
        _ bucket: String, _ options: ListOptions, token: String?
    ) async throws(AWSError) -> Page {
        var call = try call("ListObjectsV2", .get, bucket: bucket)
        guard (1...1000).contains(options.pageSize) else {
            throw call.operation.invalid("\(options.pageSize) objects a page; 1 to 1,000 are allowed")
        }
        // Keys may hold what XML cannot say.
        call.query = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", "\(options.pageSize)")]
        call.query += [
            ("prefix", options.prefix), ("delimiter", options.delimiter),
            ("start-after", token == nil ? options.startAfter : nil), ("continuation-token", token),
        ].compactMap { name, value in value.map { (name, $0) } }
        let operation = call.operation
        return try await client.send(call) { response throws(AWSError) in
            try Self.page(try Self.document(response, operation), operation)
        }
    }

    private static func page(_ document: XMLElement, _ operation: Operation) throws(AWSError) -> Page {
        let isEncoded = document["EncodingType"]?.text == "url"
        func decoded(_ text: String) throws(AWSError) -> String {
            guard isEncoded else { return text }
            guard let key = URL.percentDecode(text, plusIsSpace: true) else {
                throw operation.malformed("a key in the list cannot be decoded")
            }
            return key
        }
        var page = Page(objects: [], prefixes: [])
        for element in document.children {
            switch element.name {
            case "Contents":
                guard let key = element["Key"]?.text, let size = element["Size"].flatMap({ Int($0.text) })
                else { throw operation.malformed("an object in the list has no key or size") }
                page.objects.append(
                    ListedObject(
                        key: try decoded(key), size: size, etag: element["ETag"]?.text,
                        lastModified: element["LastModified"].flatMap { Timestamp(rfc3339: $0.text) },
                        storageClass: element["StorageClass"]?.text))
            case "CommonPrefixes":
                if let prefix = element["Prefix"]?.text { page.prefixes.append(try decoded(prefix)) }
            default: break
            }
        }
        if document["IsTruncated"]?.text == "true" {
            guard let token = document["NextContinuationToken"]?.text, !token.isEmpty else {
                throw operation.malformed("the list goes on, but does not say where")
            }
            page.nextToken = token
        }
        return page
    }

    /// Pages one after another. Where a loop over them ends early, no further one is asked for.
    public struct Pages: AsyncSequence, Sendable {
        let s3: S3
        let bucket: String
        let options: ListOptions

        /// The objects of all pages, without the folders.
        public var objects: Objects { Objects(pages: self) }

        /// Before the first page.
        public func makeAsyncIterator() -> Iterator { Iterator(pages: self) }

        /// Where a loop is.
        public struct Iterator: AsyncIteratorProtocol {
            let pages: Pages
            var token: String?
            var isAtEnd = false

            /// The next page; nil after the last, and after an error.
            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws(AWSError) -> Page? {
                if isAtEnd { return nil }
                isAtEnd = true
                let page = try await pages.s3.page(pages.bucket, pages.options, token: token)
                token = page.nextToken
                isAtEnd = token == nil
                return page
            }
        }
    }

    /// Objects one after another, across pages.
    public struct Objects: AsyncSequence, Sendable {
        let pages: Pages

        /// Before the first object.
        public func makeAsyncIterator() -> Iterator { Iterator(pages: pages.makeAsyncIterator()) }

        /// Where a loop is.
        public struct Iterator: AsyncIteratorProtocol {
            var pages: Pages.Iterator
            var objects: ArraySlice<ListedObject> = []

            /// The next object; nil at the end, and after an error.
            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws(AWSError) -> ListedObject? {
                while objects.isEmpty {
                    guard let page = try await pages.next(isolation: actor) else { return nil }
                    objects = page.objects[...]
                }
                return objects.removeFirst()
            }
        }
    }
}
