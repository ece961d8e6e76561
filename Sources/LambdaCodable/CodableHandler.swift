public import FoundationEssentials
internal import JSON
public import LambdaRuntime

/// A typed function: JSON in, JSON out.
///
/// An event that does not fit fails the invocation as `Runtime.UnmarshalError`, with the place in it that is at fault; what cannot be
/// encoded as `Runtime.MarshalError`. The names are those of AWS's own runtimes.
///
/// This module links FoundationEssentials, which doubles a static program; a function that counts megabytes and microseconds takes raw
/// bytes with `InvocationHandler` itself.
public struct CodableHandler<Event: Decodable, Output: Encodable>: InvocationHandler {
    private let decoder: JSONDecoder?
    private let encoder: JSONEncoder?
    private let body: @Sendable (Event, InvocationContext) async throws -> Output

    /// A handler that is a closure.
    /// - Parameter decoder: Foundation's, for an event that needs a date or key strategy; without one `JSONValueDecoder`, which is faster.
    /// - Parameter encoder: Foundation's, for the output; without one `JSONValueEncoder`.
    /// - Parameter body: what it throws fails the invocation, as with any handler.
    public init(
        decoder: JSONDecoder? = nil, encoder: JSONEncoder? = nil,
        _ body: @escaping @Sendable (Event, InvocationContext) async throws -> Output
    ) {
        self.decoder = decoder
        self.encoder = encoder
        self.body = body
    }

    /// Decodes the event, runs the closure, encodes what it returned.
    public func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        let output = try await body(try decode(event), context)
        return try encode(output)
    }

    private func decode(_ event: [UInt8]) throws(FunctionError) -> Event {
        do {
            if let decoder { return try decoder.decode(Event.self, from: Data(event)) }
            return try JSONValueDecoder().decode(Event.self, from: try JSON(parsing: event))
        } catch {
            throw FunctionError(
                type: "Runtime.UnmarshalError", message: "The event does not fit: \(reason(error, event))")
        }
    }

    private func encode(_ output: Output) throws(FunctionError) -> [UInt8] {
        do {
            if let encoder { return Array(try encoder.encode(output)) }
            return try JSONValueEncoder().encode(output).serialized()
        } catch {
            throw FunctionError(
                type: "Runtime.MarshalError", message: "The output cannot be encoded: \(reason(error))")
        }
    }
}

/// What a coding error says, with the path in front: `Records[0].s3.bucket: no value for 'name'`.
private func reason(_ error: any Error, _ event: [UInt8]? = nil) -> String {
    switch error {
    case let error as JSON.ParseError: "it is no JSON, \(error)"
    case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty:
        // Foundation says the same of a number that its type cannot hold as of a text that is no JSON, and does not say where.
        event.map(fault(in:)) ?? context.debugDescription
    case DecodingError.keyNotFound(let key, let context):
        "\(path(context.codingPath))no value for '\(key.stringValue)'"
    case DecodingError.valueNotFound(let type, let context):
        "\(path(context.codingPath))null where \(type) is expected"
    case DecodingError.dataCorrupted(let context):
        "a number or a text in it does not fit its type, \(path(context.codingPath))\(context.debugDescription)"
    case DecodingError.typeMismatch(_, let context): "\(path(context.codingPath))\(context.debugDescription)"
    case EncodingError.invalidValue(_, let context): "\(path(context.codingPath))\(context.debugDescription)"
    default: "\(error)"
    }
}

private func fault(in event: [UInt8]) -> String {
    do throws(JSON.ParseError) {
        _ = try JSON(parsing: event)
        return "a number or a text in it does not fit its type"
    } catch {
        return "it is no JSON, \(error)"
    }
}

private func path(_ keys: [any CodingKey]) -> String {
    var text = ""
    for key in keys {
        if let index = key.intValue {
            text += "[\(index)]"
        } else {
            text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
        }
    }
    return text.isEmpty ? "" : text + ": "
}
