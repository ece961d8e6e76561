import HTTP

extension S3 {
    /// An object that goes up in parts, in any order and at once. Its parts are billed until it is completed or aborted.
    public struct MultipartUpload: Sendable, Hashable {
        /// Where the object will be.
        public let bucket: String
        /// Its key.
        public let key: String
        /// S3's name of the upload. With it an upload can be resumed by another process.
        public let id: String
        /// What each part and the whole go with; nil for none.
        public let checksum: ChecksumAlgorithm?

        /// An upload that was begun before.
        public init(bucket: String, key: String, id: String, checksum: ChecksumAlgorithm? = .crc64nvme) {
            self.bucket = bucket
            self.key = key
            self.id = id
            self.checksum = checksum
        }
    }

    /// A part that S3 has.
    public struct Part: Sendable, Hashable {
        /// 1 to 10,000: where it stands.
        public var number: Int
        /// Needed to complete the upload.
        public var etag: String
        /// In bytes.
        public var size: Int
        /// In base64, where the upload has them.
        public var checksum: String?
    }

    /// Begins an upload. Conditions of `options` are for `complete`.
    public func createMultipartUpload(
        bucket: String, key: String, options: PutOptions = .init()
    ) async throws(AWSError) -> MultipartUpload {
        var call = try call("CreateMultipartUpload", .post, bucket: bucket, key: key)
        call.query = [("uploads", "")]
        var unconditional = options
        (unconditional.onlyIfAbsent, unconditional.onlyIfMatches) = (false, nil)
        call.headers = try unconditional.headers(call.operation)
        let checksum = options.checksum ?? defaultChecksum
        if let checksum {
            call.headers["x-amz-checksum-algorithm"] = checksum.rawValue
            call.headers["x-amz-checksum-type"] = checksum.partsType
        }
        let operation = call.operation
        let id = try await client.send(call) { response throws(AWSError) in
            guard let id = try Self.document(response, operation)["UploadId"]?.text, !id.isEmpty else {
                throw operation.malformed("the answer has no UploadId")
            }
            return id
        }
        return MultipartUpload(bucket: bucket, key: key, id: id, checksum: checksum)
    }

    /// Sends one part, again by itself where that may help.
    public func upload(
        part number: Int, _ bytes: [UInt8], of upload: MultipartUpload
    ) async throws(AWSError) -> Part {
        var call = try call("UploadPart", .put, bucket: upload.bucket, key: upload.key)
        guard (1...Self.maximumParts).contains(number) else {
            throw call.operation.invalid("part \(number); parts are numbered from 1 to 10,000")
        }
        call.query = [("partNumber", "\(number)"), ("uploadId", upload.id)]
        var value: String?
        if let checksum = upload.checksum {
            value = checksum.checksum(bytes)
            call.headers["x-amz-sdk-checksum-algorithm"] = checksum.rawValue
            call.headers[checksum.header] = value
        }
        call.body = .bytes(bytes)
        call.streams = true
        let operation = call.operation
        let etag = try await client.send(call) { response throws(AWSError) in
            guard let etag = response.headers["etag"] else {
                throw operation.malformed("the part has no ETag")
            }
            return etag
        }
        return Part(number: number, etag: etag, size: bytes.count, checksum: value)
    }

    /// The parts that S3 has, by number, over as many pages as it takes.
    public func parts(of upload: MultipartUpload) async throws(AWSError) -> [Part] {
        var parts: [Part] = []
        var marker: String?
        repeat {
            var call = try call("ListParts", .get, bucket: upload.bucket, key: upload.key)
            call.query = [("uploadId", upload.id)]
            if let marker { call.query.append(("part-number-marker", marker)) }
            let operation = call.operation
            let document = try await client.send(call) { response throws(AWSError) in
                try Self.document(response, operation)
            }
            for element in document.children where element.name == "Part" {
                guard let number = element["PartNumber"].flatMap({ Int($0.text) }),
                    let size = element["Size"].flatMap({ Int($0.text) }), let etag = element["ETag"]?.text
                else { throw operation.malformed("a part has no number, size or ETag") }
                let checksum = upload.checksum.flatMap { element["Checksum\($0.rawValue)"]?.text }
                parts.append(Part(number: number, etag: etag, size: size, checksum: checksum))
            }
            let next = document["IsTruncated"]?.text == "true" ? document["NextPartNumberMarker"]?.text : nil
            guard next == nil || next != marker else { throw operation.malformed("the list does not go on") }
            marker = next
        } while marker != nil
        return parts
    }

    /// Makes the object of the parts, in the order of their numbers. An error inside S3's 200 is an error. `whole` is
    /// the checksum of the object, where the algorithm has one.
    @discardableResult
    public func complete(
        _ upload: MultipartUpload, _ parts: [Part], options: PutOptions = .init(), whole: String? = nil
    ) async throws(AWSError) -> ObjectInfo {
        var call = try call("CompleteMultipartUpload", .post, bucket: upload.bucket, key: upload.key)
        call.query = [("uploadId", upload.id)]
        call.headers["content-type"] = "application/xml"
        if options.onlyIfAbsent { call.headers["if-none-match"] = "*" }
        call.headers["if-match"] = options.onlyIfMatches
        if let checksum = upload.checksum {
            call.headers["x-amz-checksum-type"] = checksum.partsType
            if checksum.coversWhole { call.headers[checksum.header] = whole }
        }
        let list = parts.sorted { $0.number < $1.number }.map { part in
            var text = "<Part><PartNumber>\(part.number)</PartNumber>"
            text += "<ETag>\(XMLElement.escape(part.etag))</ETag>"
            if let checksum = upload.checksum, let value = part.checksum {
                let name = "Checksum\(checksum.rawValue)"
                text += "<\(name)>\(XMLElement.escape(value))</\(name)>"
            }
            return text + "</Part>"
        }
        call.body = .bytes(
            Array(
                "<CompleteMultipartUpload xmlns=\"\(Self.namespace)\">\(list.joined())</CompleteMultipartUpload>"
                    .utf8))
        let operation = call.operation
        return try await client.send(call) { response throws(AWSError) in
            let document = try Self.document(response, operation)
            var info = ObjectInfo(stored: response.headers)
            info.etag = document["ETag"]?.text
            return info
        }
    }

    /// Makes what was uploaded of it so far vanish.
    public func abort(_ upload: MultipartUpload) async throws(AWSError) {
        var call = try call("AbortMultipartUpload", .delete, bucket: upload.bucket, key: upload.key)
        call.query = [("uploadId", upload.id)]
        try await client.send(call) { _ in }
    }
}

extension ChecksumAlgorithm {
    /// Of the CRCs S3 can make the whole object's from the parts'; this client asks for it where S3 knows nothing else.
    var coversWhole: Bool { self == .crc64nvme }

    /// `x-amz-checksum-type` of a multipart upload.
    var partsType: String { coversWhole ? "FULL_OBJECT" : "COMPOSITE" }
}
