import HTTP

extension S3 {

    /// In the client's region. `BucketAlreadyOwnedByYou` when it is there already (not in us-east-1, which answers as
    /// if it had made it).
    public func createBucket(_ bucket: String) async throws(AWSError) {
        var call = try call("CreateBucket", .put, bucket: bucket)
        let region = client.configuration.region
        // The one region whose name S3 refuses here.
        if region != "us-east-1" {
            call.body = .bytes(
                Array(
                    """
                    <CreateBucketConfiguration xmlns="\(Self.namespace)">\
                    <LocationConstraint>\(XMLElement.escape(region))</LocationConstraint></CreateBucketConfiguration>
                    """.utf8))
            call.headers["content-type"] = "application/xml"
        }
        try await client.send(call) { _ in }
    }

    /// Throws `noSuchBucket` when there is none, another code when it is somebody else's.
    public func headBucket(_ bucket: String) async throws(AWSError) {
        let call = try call("HeadBucket", .head, bucket: bucket)
        do throws(AWSError) {
            try await client.send(call) { _ in }
        } catch {
            guard error.status == 404 else { throw error }
            var error = error
            error.code = .noSuchBucket
            error.message = "there is no bucket \(bucket)"
            throw error
        }
    }

    /// The document of a success, unless it is an error after all.
    static func document(
        _ response: HTTPClient.Response, _ operation: Operation
    ) throws(AWSError) -> XMLElement {
        let root: XMLElement
        do throws(XMLError) {
            root = try XMLElement(parsing: response.body)
        } catch {
            throw operation.malformed("the answer is not XML: \(error)", underlying: error)
        }
        if let error = ErrorResponse.embedded(in: root, operation) { throw error }
        return root
    }
}
