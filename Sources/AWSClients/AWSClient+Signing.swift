public import HTTP

extension AWSClient {
    /// Signs a request to what has no client here: an API of one's own (`execute-api`), a function's address (`lambda`).
    /// The request must not change afterwards; its body must be in memory.
    ///
    /// - Throws: `noCredentials`, which says what was tried; `invalidInput` for a body that streams.
    public func sign(_ request: inout HTTPClient.Request, service name: String) async throws(AWSError) {
        let service = Service(name: name, signingName: name, hostLabel: name, variable: name)
        let operation = Operation(service, "\(request.method.rawValue)")
        let body: [UInt8]
        switch request.body {
        case .none: body = []
        case .bytes(let bytes): body = bytes
        case .stream: throw operation.invalid("a body that streams cannot be signed before it is sent")
        }
        try await signer(for: operation).sign(
            method: request.method, url: request.url, headers: &request.headers,
            payloadHash: SigV4.hash(body), sendsPayloadHash: false, at: now)
    }
}
