import JSON
import LambdaRuntime
import Telemetry

/// A handler that is made anew when a value which its configuration refers to has changed. An invocation keeps the
/// configuration it began with.
actor RefreshingHandler: InvocationHandler {
    private let source: ConfigurationSource
    private let make: @Sendable (Configuration) -> any InvocationHandler
    private var values: [String: String]
    private var handler: any InvocationHandler

    /// `make` has made `handler` from the configuration of `values`.
    init(
        _ handler: any InvocationHandler, of values: [String: String], from source: ConfigurationSource,
        make: @escaping @Sendable (Configuration) -> any InvocationHandler
    ) {
        self.handler = handler
        self.values = values
        self.source = source
        self.make = make
    }

    nonisolated func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        try await current().handle(event, context)
    }

    /// A value that is gone or makes no sense is told in the log, and the last good ones stay in use.
    func current() async -> any InvocationHandler {
        do throws(Configuration.Invalid) {
            let values = try await source.values()
            if values != self.values {
                handler = make(try source.configuration(values))
                self.values = values
                Log.info("the configuration has changed")
            }
        } catch {
            Log.error("the configuration cannot be refreshed", ["error": .string(error.description)])
        }
        return handler
    }
}

/// The same for a handler that streams, which the runtime tells by its type.
struct RefreshingStreamingHandler: StreamingHandler {
    private let refreshing: RefreshingHandler

    /// What it makes must stream.
    init(_ refreshing: RefreshingHandler) { self.refreshing = refreshing }

    func handle(_ event: [UInt8], _ context: InvocationContext, _ response: ResponseWriter) async throws {
        guard let handler = await refreshing.current().streaming else {
            preconditionFailure("a handler that streams was made anew as one that does not")
        }
        try await handler.handle(event, context, response)
    }
}
