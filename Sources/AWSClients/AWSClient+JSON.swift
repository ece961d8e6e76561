import HTTP
import JSON

extension AWSClient {
    /// An awsJson1_0 or 1_1 call: `POST /` with the operation in `X-Amz-Target`.
    func json<Output: Sendable>(
        _ operation: Operation, target: String, _ input: JSON, longPoll: Duration = .zero,
        isInsistent: Bool = false, decode: (JSON) throws(AWSError) -> Output
    ) async throws(AWSError) -> Output {
        var call = jsonCall(operation, target: target, input.serialized())
        call.longPoll = longPoll
        call.isInsistent = isInsistent
        return try await send(call) { response throws(AWSError) in
            // Operations without output may answer with nothing at all.
            if response.body.isEmpty { return try decode([:]) }
            let output: JSON
            do throws(JSON.ParseError) {
                output = try JSON(parsing: response.body)
            } catch {
                throw operation.malformed("the answer is not JSON: \(error)", underlying: error)
            }
            return try decode(output)
        }
    }
    /// A call of the same kind before it is sent.
    func jsonCall(_ operation: Operation, target: String, _ body: [UInt8]) -> Call {
        var call = Call(operation, .post)
        call.headers = [
            "content-type": "application/x-amz-json-\(operation.service.jsonVersion)",
            "x-amz-target": "\(target).\(operation.name)",
        ]
        call.body = .bytes(body)
        call.responseLimit = 32 << 20
        return call
    }
}
