import HTTP
import JSON
import Time

/// An event, and what must be said when it is answered.
struct Invocation: Sendable {
    var context: InvocationContext
    var event: [UInt8]
    /// Echoed when the event carried it, so that a late answer is not taken for another invocation's.
    var invocationID: String?
}

extension Invocation {
    /// As the Runtime API's `next` gives it. Of a header that stands there twice the last one counts.
    init(_ response: HTTPClient.Response) throws(RuntimeAPIError) {
        var id: String?
        var context = InvocationContext(requestID: "", deadline: Timestamp(milliseconds: 0))
        var deadline: Int64?
        var invocationID: String?
        // All of them once, instead of a search for each, and in Lambda's own spelling: this is on the path of every invocation.
        for (name, value) in response.headers {
            func isNamed(_ wanted: String) -> Bool { HTTPHeaders.isSameName(name, wanted) }
            if isNamed("Lambda-Runtime-Aws-Request-Id") {
                id = value
            } else if isNamed("Lambda-Runtime-Deadline-Ms") {
                deadline = Int64(value)
            } else if isNamed("Lambda-Runtime-Invoked-Function-Arn") {
                context.functionARN = value
            } else if isNamed("Lambda-Runtime-Trace-Id") {
                context.traceID = value
            } else if isNamed("Lambda-Runtime-Client-Context") {
                context.clientContext = try? JSON(parsing: value)
            } else if isNamed("Lambda-Runtime-Cognito-Identity") {
                context.cognitoIdentity = try? JSON(parsing: value)
            } else if isNamed("Lambda-Runtime-Aws-Tenant-Id") {
                context.tenantID = value
            } else if isNamed("Lambda-Runtime-Invocation-Id") {
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
