// Declarations agreed on; to be split into one noun a file (InvocationContext, RuntimeLoop, RuntimeAPIClient, Events/…).
public import HTTP
public import JSON
public import Time

/// What an invocation knows of itself.
public struct InvocationContext: Sendable {
    public var requestID: String
    public var deadline: Timestamp
    public var functionARN: String
    public var traceID: String?
    public var clientContext: JSON?
    public var cognitoIdentity: JSON?
    public var tenantID: String?
    /// Until the deadline; zero when it has passed.
    public var remaining: Duration { fatalError("stub") }
    public init(requestID: String, deadline: Timestamp, functionARN: String = "", traceID: String? = nil, clientContext: JSON? = nil, cognitoIdentity: JSON? = nil, tenantID: String? = nil) { fatalError("stub") }
}
/// A function: raw bytes in and out. A thrown `FunctionError` becomes the invocation's error; any other error too, under its type's name.
public protocol InvocationHandler: Sendable {
    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8]
}
/// What an invocation's error document says.
public struct FunctionError: Error, Sendable {
    public var type: String
    public var message: String
    public init(type: String, message: String) { self.type = type; self.message = message }
}
public enum LambdaRuntime {
    /// Reads `AWS_LAMBDA_RUNTIME_API` and its like from `environment`, builds the handler (a throw is reported to `/init/error`), and loops.
    /// Returns the process's exit status: 0 after SIGTERM, 1 after an init error or a lost Runtime API.
    public static func run(on loop: EventLoop, environment: [String: String], makeHandler: @escaping @Sendable () async throws -> any InvocationHandler) async -> Int32 { fatalError("stub") }
}
/// How the front end that made the event wants its answer.
public enum HTTPEventFormat: String, Sendable, CaseIterable { case restAPI, httpAPI, functionURL, applicationLoadBalancer, applicationLoadBalancerMultiValue }
/// An HTTP request as API Gateway v1 and v2, a function URL or an ALB brought it.
public struct HTTPRequest: Sendable {
    public var method: HTTPMethod
    /// Percent-decoded once, with the stage prefix (v1 custom domains and v2 `/{stage}`) dropped; begins with `/`.
    public var path: String
    /// Decoded, in order.
    public var query: [(name: String, value: String)]
    public var headers: HTTPHeaders
    /// Decoded from base64 when the event says so.
    public var body: [UInt8]
    public var sourceAddress: String?
    /// The gateway's request id.
    public var requestID: String?
    /// The authorizer's claims or context as they came.
    public var authorizer: JSON?
    public var format: HTTPEventFormat
    public init(_ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = [], headers: HTTPHeaders = [:], body: [UInt8] = [], sourceAddress: String? = nil, requestID: String? = nil, authorizer: JSON? = nil, format: HTTPEventFormat = .httpAPI) { fatalError("stub") }
}
public struct HTTPResponse: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    public var body: [UInt8]
    public var cookies: [String]
    public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [], cookies: [String] = []) { fatalError("stub") }
    /// The answer document of that front end; a body that is no UTF-8, or is encoded (`Content-Encoding`), goes as base64.
    public func encoded(for format: HTTPEventFormat) -> [UInt8] { fatalError("stub") }
}
/// What was wrong with an event.
public struct EventDecodingError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable { case notJSON, unknownShape, missing, wrongType, badBase64 }
    public var kind: Kind
    public var description: String
}
public struct SQSEvent: Sendable {
    public struct Record: Sendable {
        public var messageID: String
        public var receiptHandle: String
        public var body: String
        public var approximateReceiveCount: Int
        public var sentTimestamp: Timestamp?
        public var attributes: [String: String]
        public var messageAttributes: [String: String]
        public var queueARN: String
        public var queueName: String { fatalError("stub") }
    }
    public var records: [Record]
    /// `{"batchItemFailures": …}`; an empty list says that all went well.
    public static func response(failed messageIDs: [String]) -> [UInt8] { fatalError("stub") }
}
public struct SNSEvent: Sendable {
    public struct Record: Sendable {
        public var messageID: String
        public var topicARN: String
        public var subject: String?
        public var message: String
        public var timestamp: Timestamp?
        public var messageAttributes: [String: String]
    }
    public var records: [Record]
}
public struct ScheduledEvent: Sendable {
    public var id: String
    public var detailType: String
    public var time: Timestamp?
    public var resources: [String]
    public var detail: JSON
}
/// Every event shape the handlers take.
public enum LambdaEvent: Sendable {
    case http(HTTPRequest)
    case sqs(SQSEvent)
    case sns(SNSEvent)
    case scheduled(ScheduledEvent)
    public init(decoding bytes: [UInt8]) throws(EventDecodingError) { fatalError("stub") }
}
