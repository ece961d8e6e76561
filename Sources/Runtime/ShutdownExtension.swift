import HTTP
import JSON
import Telemetry

/// An internal extension that does nothing: Lambda sends a process SIGTERM before it ends only where an extension is registered.
///
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
enum ShutdownExtension {
    private static let name = "comfy-lambda-sigterm"

    /// Registers for no event, and asks for the next, which never comes, for as long as the process lives. Before the first invocation
    /// is asked for. Without it all goes on as if it had not been asked for, and a warning says so.
    static func start(_ http: HTTPClient, address: String) async {
        let base = "http://\(address)/2020-01-01/extension"
        guard let register = URL("\(base)/register"), let next = URL("\(base)/event/next") else { return }
        do {
            let answer = try await http.send(
                .init(
                    .post, register,
                    headers: ["Lambda-Extension-Name": name, "Content-Type": "application/json"],
                    body: .bytes(Array(#"{"events":[]}"#.utf8))))
            guard answer.status == 200, let id = answer.headers["Lambda-Extension-Identifier"] else {
                return warn("the Extensions API answered register with \(answer.status)")
            }
            var request = HTTPClient.Request(.get, next, headers: ["Lambda-Extension-Identifier": id])
            request.timeouts.idle = nil
            request.timeouts.total = nil
            let (loop, pending) = (http.loop, request)
            loop.task {
                do {
                    let answer = try await http.send(pending)
                    warn("the Extensions API answered event/next with \(answer.status)")
                } catch let error as HTTPError where error.code != .cancelled {
                    warn("\(error)")
                }
            }
        } catch {
            warn("\(error)")
        }
    }

    private static func warn(_ reason: String) {
        Log.warn("no extension is registered: SIGTERM will not come", ["error": .string(reason)])
    }
}
