import HTTP

extension S3 {
    /// A key that is still there.
    public struct DeleteFailure: Sendable, Hashable {
        /// Which.
        public var key: String
        /// S3's code.
        public var code: String
        /// S3's words.
        public var message: String
    }

    static let maximumDeletes = 1000

    /// Deletes any number of objects, 1,000 a call. Keys that failed for a reason that passes are tried again, those
    /// alone; what is left is given back. That there was none is no failure.
    @discardableResult
    public func delete(bucket: String, keys: [String]) async throws(AWSError) -> [DeleteFailure] {
        var failures: [DeleteFailure] = []
        var rest = keys[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.maximumDeletes))
            rest = rest.dropFirst(batch.count)
            let failed = try await client.sendBatch(
                Operation(.s3, "DeleteObjects"), count: batch.count
            ) { indices throws(AWSError) in
                try await self.deleteOnce(bucket, batch, indices)
            }
            failures += failed.map {
                DeleteFailure(key: batch[$0.index], code: $0.code, message: $0.message)
            }
        }
        return failures
    }

    private func deleteOnce(
        _ bucket: String, _ keys: [String], _ indices: [Int]
    ) async throws(AWSError) -> [BatchFailure] {
        var call = try call("DeleteObjects", .post, bucket: bucket)
        let operation = call.operation
        var body = "<Delete xmlns=\"\(Self.namespace)\"><Quiet>true</Quiet>"
        for index in indices {
            try Self.check(key: keys[index], operation)
            guard keys[index].unicodeScalars.allSatisfy(XMLElement.canHold) else {
                throw operation.invalid(
                    "a key with a character that XML does not allow; delete it by itself")
            }
            body += "<Object><Key>\(XMLElement.escape(keys[index]))</Key></Object>"
        }
        body += "</Delete>"
        call.query = [("delete", "")]
        call.headers["content-type"] = "application/xml"
        call.body = .bytes(Array(body.utf8))
        // Required here, whatever the client's policy.
        addChecksum(of: Array(body.utf8), .crc64nvme, to: &call)
        return try await client.send(call) { response throws(AWSError) in
            let document = try Self.document(response, operation)
            var failures: [BatchFailure] = []
            for element in document.children where element.name == "Error" {
                guard let key = element["Key"]?.text, let index = indices.first(where: { keys[$0] == key })
                else { throw operation.malformed("a failure names no key of the batch") }
                let code = element["Code"]?.text ?? ""
                failures.append(
                    BatchFailure(
                        index: index, code: code, message: element["Message"]?.text ?? "",
                        senderFault: code != "InternalError"))
            }
            return failures
        }
    }
}
