import Glibc
public import HTTP

extension LambdaRuntime {
    /// All that the `main.swift` of a function needs to do: makes the handler and handles invocations until Lambda ends the process.
    ///
    /// ```swift
    /// LambdaRuntime.main { _ in Echo() }
    /// ```
    /// - Parameter makeHandler: gets the loop on which everything runs, for the clients that the handler wants. What it throws is reported
    ///   as the function's init error.
    public static func main(
        _ makeHandler: @escaping @Sendable (EventLoop) async throws -> any InvocationHandler
    ) -> Never {
        do {
            let loop = EventLoop()
            exit(
                try loop.run {
                    await run(on: loop, environment: ProcessEnvironment.current) {
                        try await makeHandler(loop)
                    }
                })
        } catch {
            exit(1)
        }
    }
}
