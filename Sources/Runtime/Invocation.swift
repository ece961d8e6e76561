import HTTP
import JSON
import Telemetry
import Time

/// An event, and what must be said when it is answered.
final class Invocation: Sendable {
    let context: InvocationContext
    let event: [UInt8]
    /// Echoed when the event carried it, so that a late answer is not taken for another invocation's.
    let invocationID: String?

    init(context: InvocationContext, event: [UInt8], invocationID: String?) {
        self.context = context
        self.event = event
        self.invocationID = invocationID
    }
}

extension Invocation {
    /// What the Runtime API's `next` says in headers.
    enum Header {
        static let requestID = "Lambda-Runtime-Aws-Request-Id"
        static let deadline = "Lambda-Runtime-Deadline-Ms"
        static let functionARN = "Lambda-Runtime-Invoked-Function-Arn"
        static let traceID = "Lambda-Runtime-Trace-Id"
        static let clientContext = "Lambda-Runtime-Client-Context"
        static let cognitoIdentity = "Lambda-Runtime-Cognito-Identity"
        static let tenantID = "Lambda-Runtime-Aws-Tenant-Id"
        static let invocationID = "Lambda-Runtime-Invocation-Id"
    }

    /// In the headers of every event, and of what nearly every HTTP server says.
    static var usualTexts: [String] {
        [
            Header.requestID, Header.deadline, Header.functionARN, Header.traceID, "Content-Type",
            "Content-Length", "Date", "application/json",
        ]
    }

    /// As the Runtime API's `next` gives it. Of a header that stands there twice the last one counts.
    convenience init(_ response: HTTPClient.Response) throws(RuntimeAPIError) {
        var id: String?
        var context = InvocationContext(requestID: "", deadline: Timestamp(milliseconds: 0))
        var deadline: Int64?
        var invocationID: String?
        // All of them once, instead of a search for each, and in Lambda's own spelling: this is on the path of every invocation.
        for (name, value) in response.headers {
            func isNamed(_ wanted: String) -> Bool {
                name.utf8.count == wanted.utf8.count && HTTPHeaders.isSameName(name, wanted)
            }
            if isNamed(Header.requestID) {
                id = value
            } else if isNamed(Header.deadline) {
                deadline = Int64(value)
            } else if isNamed(Header.functionARN) {
                context.functionARN = value
            } else if isNamed(Header.traceID) {
                context.traceID = value
            } else if isNamed(Header.clientContext) {
                context.clientContext = try? JSON(parsing: value)
            } else if isNamed(Header.cognitoIdentity) {
                context.cognitoIdentity = try? JSON(parsing: value)
            } else if isNamed(Header.tenantID) {
                context.tenantID = value
            } else if isNamed(Header.invocationID) {
                invocationID = value
            }
        }
        guard let id else {
            throw RuntimeAPIError(kind: .refused, description: "an event without a request id")
        }
        context.requestID = id
        context.deadline = deadline.map { Timestamp(milliseconds: $0) } ?? Timestamp.now + .seconds(900)
        self.init(context: context, event: response.body, invocationID: invocationID)
    }
}

// What is known of an invocation wherever something is done for it: set around the making of a task, which inherits it.
extension Invocation {
    /// What each of its lines carries.
    var logContext: Log.Context {
        Log.Context(requestID: context.requestID, tenantID: context.tenantID, traceID: context.traceID)
    }

    /// In what `body` logs, and in the tasks it makes.
    func withLogContext<R>(_ body: () -> R) -> R { Log.$context.withValue(logContext, operation: body) }

    /// In the handler's task that `body` makes; `remaining` until the deadline.
    func withContext<R>(_ remaining: Duration, _ body: () -> R) -> R {
        let calls = CallContext(
            traceHeader: context.traceID, deadline: remaining > .zero ? .now + remaining : nil)
        return withLogContext {
            InvocationContext.$current.withValue(context) {
                CallContext.$current.withValue(calls, operation: body)
            }
        }
    }

    /// A line that carries the invocation's ids.
    func log(_ level: Log.Level, _ message: String, _ fields: JSON.Object) {
        withLogContext { Log.log(level, message, fields) }
    }
}
