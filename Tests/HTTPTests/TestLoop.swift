import HTTP

/// Gives a test a loop on a thread of its own, and ends it.
@discardableResult
func withLoop<T>(_ body: (EventLoop) async throws -> T) async throws -> T {
    let loop = EventLoop.onNewThread()
    defer { loop.shutdown() }
    return try await body(loop)
}

/// A loop and a client that reads no environment.
@discardableResult
func withClient<T>(
    _ change: (inout HTTPClient.Configuration) -> Void = { _ in }, _ body: (HTTPClient) async throws -> T
) async throws -> T {
    var configuration = HTTPClient.Configuration()
    configuration.proxies = ProxySettings()
    change(&configuration)
    return try await withLoop { loop in
        try await body(HTTPClient(loop: loop, configuration: configuration))
    }
}
