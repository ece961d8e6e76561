import HTTP
import Telemetry
import Time

/// An attempt that succeeded.
struct Answer<Output: Sendable>: Sendable {
    var output: Output
    var headers: HTTPHeaders
}

/// An attempt that failed, with the answer's headers if there was one: they may hold a hint and the time.
struct AttemptFailure: Error {
    var error: AWSError
    var headers: HTTPHeaders?
}

extension AWSClient {
    /// One call with a whole answer. `decode` runs inside the attempt: an answer that makes no sense is one more
    /// failure that a retry may mend.
    func send<Output: Sendable>(
        _ call: Call, decode: (HTTPClient.Response) throws(AWSError) -> Output
    ) async throws(AWSError) -> Output {
        try await perform(call) { request throws(AttemptFailure) in
            let response: HTTPClient.Response
            do throws(HTTPError) {
                response = try await http.send(request)
            } catch {
                throw AttemptFailure(error: Self.transportError(error, call.operation))
            }
            do throws(AWSError) {
                if !(200..<300).contains(response.status) {
                    throw ErrorResponse.read(
                        status: response.status, headers: response.headers, body: response.body,
                        call.operation)
                }
                try Self.verifyChecksum(response, call.operation)
                return Answer(output: try decode(response), headers: response.headers)
            } catch {
                var error = error
                error.status = error.status ?? response.status
                error.requestID = error.requestID ?? ErrorResponse.requestID(response.headers)
                throw AttemptFailure(error: error, headers: response.headers)
            }
        }
    }

    /// One call whose answer streams: retried until its head is there, not after.
    func stream(_ call: Call) async throws(AWSError) -> HTTPClient.StreamingResponse {
        try await perform(call) { request throws(AttemptFailure) in
            let response: HTTPClient.StreamingResponse
            do throws(HTTPError) {
                response = try await http.stream(request)
            } catch {
                throw AttemptFailure(error: Self.transportError(error, call.operation))
            }
            let head = response.head
            if (200..<300).contains(head.status) { return Answer(output: response, headers: head.headers) }
            let body = (try? await response.collect(limit: 64 << 10)) ?? []
            throw AttemptFailure(
                error: ErrorResponse.read(
                    status: head.status, headers: head.headers, body: body, call.operation),
                headers: head.headers)
        }
    }

    private static func transportError(_ error: HTTPError, _ operation: Operation) -> AWSError {
        error.code == .cancelled
            ? operation.error(.cancelled, "cancelled", underlying: error)
            : operation.error(.transport, error.description, underlying: error)
    }

    /// `x-amz-crc32` is over the bytes as they came, which is how they are here: no call lets the transport undo an
    /// encoding.
    private static func verifyChecksum(
        _ response: HTTPClient.Response, _ operation: Operation
    ) throws(AWSError) {
        guard let text = response.headers["x-amz-crc32"] else { return }
        guard let expected = UInt32(text), CRC32.checksum(response.body) == expected else {
            throw operation.malformed("the body does not match its x-amz-crc32")
        }
    }
}
