import HTTP

extension S3 {
    /// Copies an object of at most 5 GB inside S3. An error inside S3's 200 is an error, and retried like one.
    ///
    /// With `options` the copy has those metadata, type and so on instead of the source's; the tags are the source's
    /// unless `options` has some.
    @discardableResult
    public func copy(
        from source: (bucket: String, key: String), to bucket: String, key: String,
        options: PutOptions? = nil, onlyIfMatches etag: String? = nil
    ) async throws(AWSError) -> ObjectInfo {
        var call = try call("CopyObject", .put, bucket: bucket, key: key)
        let operation = call.operation
        try Self.check(bucket: source.bucket, operation)
        try Self.check(key: source.key, operation)
        if let options {
            call.headers = try options.headers(operation)
            call.headers["x-amz-metadata-directive"] = "REPLACE"
            if !options.tags.isEmpty { call.headers["x-amz-tagging-directive"] = "REPLACE" }
            call.headers["x-amz-checksum-algorithm"] = options.checksum?.rawValue
        }
        call.headers["x-amz-copy-source"] =
            "/\(source.bucket)/\(URL.percentEncode(source.key, keepingSlashes: true))"
        call.headers["x-amz-copy-source-if-match"] = etag
        // S3 keeps the connection open with white space until the copy is done.
        call.streams = true
        return try await client.send(call) { response throws(AWSError) in
            let document = try Self.document(response, operation)
            guard let etag = document["ETag"]?.text else {
                throw operation.malformed("the answer has no ETag")
            }
            var info = ObjectInfo(stored: response.headers)
            info.etag = etag
            return info
        }
    }
}
