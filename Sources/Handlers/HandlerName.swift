import AWSClients
public import HTTP
public import LambdaRuntime
import Telemetry

/// The functions that the one binary can be; `_HANDLER` says which.
public enum HandlerName: String, Sendable, CaseIterable {
    case api, stream, dispatch, notify, sweep

    /// Reads the configuration, and what it refers to, and makes the handler.
    ///
    /// - Throws: a `FunctionError` that names the variable which is missing or malformed, what was found and what is expected.
    public static func makeHandler(named name: String?, on loop: EventLoop, environment: [String: String])
        async throws -> any InvocationHandler
    {
        guard let name, let handler = HandlerName(rawValue: name) else {
            let names = allCases.map(\.rawValue).joined(separator: ", ")
            throw FunctionError(
                type: "Runtime.InvalidHandler",
                message: "_HANDLER is \(name.map { "'\($0)'" } ?? "not set"); expected one of: \(names)")
        }
        do {
            let aws = AWSClient(
                http: HTTPClient(loop: loop),
                configuration: try AWSClient.Configuration(environment: environment))
            let source = ConfigurationSource(environment, aws: aws)
            let values = try await source.values()
            let configuration = try source.configuration(values)
            if handler.callsWorkers { try await source.checkWorkerAuthorization() }
            // Of the process: what was counted under one configuration is written under the next.
            let tallies = MetricTallies(interval: configuration.metricsInterval)
            let make: @Sendable (Configuration) -> any InvocationHandler = { configuration in
                handler.make(Services(configuration: configuration, aws: aws, tallies: tallies))
            }
            let first = make(configuration)
            guard source.hasReferences else { return first }
            let refreshing = RefreshingHandler(first, of: values, from: source, make: make)
            return first.streaming == nil ? refreshing : RefreshingStreamingHandler(refreshing)
        } catch let error as Configuration.Invalid {
            throw FunctionError(type: "Runtime.InvalidConfiguration", message: error.description)
        } catch let error as AWSError {
            throw FunctionError(type: "Runtime.InvalidConfiguration", message: error.message)
        }
    }

    /// The others have no permission to read what the workers are called with.
    private var callsWorkers: Bool { self == .dispatch || self == .sweep }

    private func make(_ services: Services) -> any InvocationHandler {
        switch self {
        case .api: metered(APIHandler(services: services), services)
        // It may not write.
        case .stream: StreamHandler(services: services)
        case .dispatch: metered(DispatchHandler(services: services), services)
        case .notify: traced(NotifyHandler(services: services), services)
        case .sweep: metered(SweepHandler(services: services), services)
        }
    }

    private func metered(_ handler: any InvocationHandler, _ services: Services) -> any InvocationHandler {
        traced(MeteredHandler(handler: handler, metrics: services.metrics), services)
    }

    private func traced(_ handler: any InvocationHandler, _ services: Services) -> any InvocationHandler {
        guard let tracer = services.tracer else { return handler }
        return TracedHandler(handler: handler, tracer: tracer, name: self == .api ? nil : rawValue)
    }
}
