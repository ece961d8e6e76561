import HTTP

extension S3 {
    /// An object's tags.
    public func tags(bucket: String, key: String) async throws(AWSError) -> [String: String] {
        var call = try call("GetObjectTagging", .get, bucket: bucket, key: key)
        call.query = [("tagging", "")]
        let operation = call.operation
        return try await client.send(call) { response throws(AWSError) in
            var tags: [String: String] = [:]
            for tag in try Self.document(response, operation)["TagSet"]?.children ?? [] {
                guard let name = tag["Key"]?.text else { throw operation.malformed("a tag has no key") }
                tags[name] = tag["Value"]?.text ?? ""
            }
            return tags
        }
    }

    /// Replaces an object's tags, all of them.
    public func setTags(_ tags: [String: String], bucket: String, key: String) async throws(AWSError) {
        var call = try call("PutObjectTagging", .put, bucket: bucket, key: key)
        try Self.check(tags, call.operation)
        call.query = [("tagging", "")]
        call.headers["content-type"] = "application/xml"
        let list = tags.sorted { $0.key < $1.key }.map {
            "<Tag><Key>\(XMLElement.escape($0.key))</Key><Value>\(XMLElement.escape($0.value))</Value></Tag>"
        }
        let body = Array(
            "<Tagging xmlns=\"\(Self.namespace)\"><TagSet>\(list.joined())</TagSet></Tagging>".utf8)
        call.body = .bytes(body)
        // Required here, whatever the client's policy.
        addChecksum(of: body, .crc64nvme, to: &call)
        try await client.send(call) { _ in }
    }

    /// `x-amz-tagging`: the tags as a query.
    static func query(_ tags: [String: String], _ operation: Operation) throws(AWSError) -> String {
        try check(tags, operation)
        return CanonicalQuery.encode(tags.map { ($0.key, $0.value) })
    }

    private static func check(_ tags: [String: String], _ operation: Operation) throws(AWSError) {
        guard tags.count <= PutOptions.maximumTags else {
            throw operation.invalid("\(tags.count) tags; an object has at most 10")
        }
        for (name, value) in tags {
            guard (1...128).contains(name.unicodeScalars.count), value.unicodeScalars.count <= 256 else {
                throw operation.invalid(
                    "the tag \"\(name.prefix(80))\"; a tag's key has 1 to 128 characters, its value at most 256"
                )
            }
        }
    }
}
