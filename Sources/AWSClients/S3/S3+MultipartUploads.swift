import HTTP

extension S3 {
    /// The uploads to keys with this prefix that were begun and neither completed nor aborted (ListMultipartUploads), over as many
    /// pages as it takes. Their checksums are not told.
    public func multipartUploads(of bucket: String, prefix: String) async throws(AWSError)
        -> [MultipartUpload]
    {
        var uploads: [MultipartUpload] = []
        var marker: (key: String, id: String)?
        repeat {
            var call = try call("ListMultipartUploads", .get, bucket: bucket)
            call.query = [("uploads", ""), ("prefix", prefix)]
            if let marker { call.query += [("key-marker", marker.key), ("upload-id-marker", marker.id)] }
            let operation = call.operation
            let document = try await client.send(call) { response throws(AWSError) in
                try Self.document(response, operation)
            }
            for element in document.children where element.name == "Upload" {
                guard let key = element["Key"]?.text, let id = element["UploadId"]?.text, !id.isEmpty else {
                    throw operation.malformed("an upload has no key or id")
                }
                uploads.append(MultipartUpload(bucket: bucket, key: key, id: id, checksum: nil))
            }
            var next: (key: String, id: String)?
            if document["IsTruncated"]?.text == "true" {
                next = (document["NextKeyMarker"]?.text ?? "", document["NextUploadIdMarker"]?.text ?? "")
                guard let next, !next.key.isEmpty, next.key != marker?.key || next.id != marker?.id else {
                    throw operation.malformed("the list does not go on")
                }
            }
            marker = next
        } while marker != nil
        return uploads
    }
}
