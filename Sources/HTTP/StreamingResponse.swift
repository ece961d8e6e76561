extension HTTPClient {
    /// A response whose body is still coming. Dropping it cancels the transfer.
    public struct StreamingResponse: Sendable {
        /// Status and headers.
        public var head: ResponseHead
        let body: ResponseBody

        /// The next piece, nil at the end; the transfer is paused while nobody asks (bounded memory). One reader at
        /// a time.
        public func next() async throws(HTTPError) -> [UInt8]? {
            try await body.client.result(of: body.transfer) { $0.takePiece() }.get()
        }

        /// Reads on to the end, at most `limit` bytes.
        public func collect(limit: Int) async throws(HTTPError) -> [UInt8] {
            var whole: [UInt8] = []
            while let piece = try await next() {
                guard piece.count <= limit - whole.count else {
                    body.cancel()
                    throw HTTPError(
                        .responseTooLarge, body.transfer.url, "the response's body is over \(limit) bytes",
                        mayHaveBeenSent: true)
                }
                whole += piece
            }
            return whole
        }
    }

    /// Ends the transfer when the last copy of a response goes away.
    final class ResponseBody: Sendable {
        let transfer: Transfer
        let client: HTTPClient

        init(_ transfer: Transfer, on client: HTTPClient) {
            self.transfer = transfer
            self.client = client
        }

        deinit { cancel() }

        func cancel() {
            let transfer = transfer
            client.loop.perform { transfer.cancel() }
        }
    }
}
