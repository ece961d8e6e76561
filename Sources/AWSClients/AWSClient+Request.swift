import HTTP

extension AWSClient {
    /// The address of a call: endpoint, bucket, path and canonical query.
    func url(for call: Call) throws(AWSError) -> URL {
        var url = try configuration.endpoint(for: call.operation.service).url
        if let prefix = call.hostPrefix { url.host = "\(prefix).\(url.host)" }
        let base = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
        url.path = base + call.path
        url.query = call.query.isEmpty ? nil : CanonicalQuery.encode(call.query)
        return url
    }

    /// One attempt's request, signed now; `signer` nil leaves it unsigned. `timeout` nil = none but the idle limit.
    func request(
        for call: Call, signer: SigV4?, invocationID: String, attempt: Int, of maximum: Int,
        timeout: Duration?
    ) throws(AWSError) -> HTTPClient.Request {
        var request = HTTPClient.Request(call.method, try url(for: call), headers: call.headers)
        request.responseLimit = call.responseLimit
        request.timeouts.total = timeout
        if let idle = request.timeouts.idle { request.timeouts.idle = idle + call.longPoll }
        request.headers["amz-sdk-invocation-id"] = invocationID
        request.headers["amz-sdk-request"] = "attempt=\(attempt); max=\(maximum)"
        // Whatever compresses on the way would have to be undone before `x-amz-crc32` could be checked.
        request.headers["accept-encoding"] = "identity"

        let time = now
        let service = call.operation.service
        switch call.body {
        case .bytes(let bytes):
            if !bytes.isEmpty || [.put, .post].contains(call.method) { request.body = .bytes(bytes) }
            signer?.sign(
                method: call.method, url: request.url, headers: &request.headers,
                payloadHash: SigV4.hash(bytes), sendsPayloadHash: service.sendsPayloadHash, at: time)
        case .chunked(let encoding, let length, let next):
            guard let signer else { throw call.operation.invalid("chunks cannot be sent unsigned") }
            request.headers["content-encoding"] =
                ["aws-chunked", call.headers["content-encoding"]].compactMap(\.self).joined(separator: ",")
            request.headers["x-amz-decoded-content-length"] = "\(length)"
            request.headers["x-amz-trailer"] = encoding.trailer?.header
            let signature = signer.sign(
                method: call.method, url: request.url, headers: &request.headers,
                payloadHash: encoding.payloadHash, sendsPayloadHash: true, at: time)
            let chunks = ChunkedBody(
                length: length, trailer: encoding.trailer,
                signer: encoding.isSigned
                    ? ChunkSigner(seed: signature.value, signer: signer, time: time) : nil, source: next)
            request.body = .stream(length: encoding.encodedLength(of: length)) { try await chunks.next() }
        }
        return request
    }
}
