// Declarations agreed on; to be split into one noun a file (Signing/, Credentials/, Retry/, S3/, DynamoDB/, SNS/, SQS/).
public import HTTP
public import JSON
public import Time

public struct Credentials: Sendable, Hashable {
    public var accessKeyID: String
    public var secretAccessKey: String
    public var sessionToken: String?
    public var expiration: Timestamp?
    public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Timestamp? = nil) { fatalError("stub") }
}
public protocol CredentialProvider: Sendable {
    func credentials() async throws(AWSError) -> Credentials
}
/// A failed call: the service's own code even when nobody here knows it.
public struct AWSError: Error, Sendable, CustomStringConvertible {
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let conditionalCheckFailed = Code(rawValue: "ConditionalCheckFailedException")
        public static let transactionCanceled = Code(rawValue: "TransactionCanceledException")
        public static let resourceNotFound = Code(rawValue: "ResourceNotFoundException")
        public static let resourceInUse = Code(rawValue: "ResourceInUseException")
        public static let noSuchKey = Code(rawValue: "NoSuchKey")
        public static let noSuchBucket = Code(rawValue: "NoSuchBucket")
        public static let preconditionFailed = Code(rawValue: "PreconditionFailed")
        /// Ours: no response came (see `underlying`), no credentials, input refused before sending, a response that made no sense.
        public static let transport = Code(rawValue: "comfy.Transport")
        public static let noCredentials = Code(rawValue: "comfy.NoCredentials")
        public static let invalidInput = Code(rawValue: "comfy.InvalidInput")
        public static let malformedResponse = Code(rawValue: "comfy.MalformedResponse")
        public static let cancelled = Code(rawValue: "comfy.Cancelled")
    }
    public var code: Code
    public var message: String
    public var status: Int?
    public var service: String
    public var operation: String
    public var requestID: String?
    public var attempts: Int
    public var underlying: (any Error)?
    public var description: String { fatalError("stub") }
}
/// Where and as whom calls go; shared by all service clients of a process.
public final class AWSClient: Sendable {
    public struct Configuration: Sendable {
        public var region: String
        /// Reads AWS_REGION, AWS_ENDPOINT_URL[_SERVICE], AWS_MAX_ATTEMPTS, … Empty is unset. Throws `invalidInput` naming the variable.
        public init(environment: [String: String]) throws(AWSError) { fatalError("stub") }
    }
    public init(http: HTTPClient, configuration: Configuration, credentials: (any CredentialProvider)? = nil) { fatalError("stub") }
    /// The wall clock corrected by the `Date` of the service's answers (signing and lease times use it).
    public var now: Timestamp { fatalError("stub") }
    public var http: HTTPClient { fatalError("stub") }
    /// Until when what is signed now can hold (presigned addresses die with a session token).
    public func credentialExpiration() async throws(AWSError) -> Timestamp? { fatalError("stub") }
}
public enum AttributeValue: Sendable, Hashable {
    case s(String), n(String), b([UInt8]), bool(Bool), null
    case l([AttributeValue]), m([String: AttributeValue]), ss([String]), ns([String]), bs([[UInt8]])
    public static func n(_ value: some FixedWidthInteger) -> AttributeValue { .n("\(value)") }
    public var string: String? { if case .s(let v) = self { v } else { nil } }
    public var int: Int? { if case .n(let v) = self { Int(v) } else { nil } }
    public var int64: Int64? { if case .n(let v) = self { Int64(v) } else { nil } }
    public var bytes: [UInt8]? { if case .b(let v) = self { v } else { nil } }
    public var bool: Bool? { if case .bool(let v) = self { v } else { nil } }
    public var list: [AttributeValue]? { if case .l(let v) = self { v } else { nil } }
    public var map: [String: AttributeValue]? { if case .m(let v) = self { v } else { nil } }
    public var stringSet: [String]? { if case .ss(let v) = self { v } else { nil } }
}
public typealias Item = [String: AttributeValue]
/// A condition; placeholders are made when it is sent, so that reserved words and user text can neither break nor inject. Paths: "a" or "a.b" (map members), each part quoted.
public indirect enum Condition: Sendable {
    case exists(String), notExists(String)
    case equals(String, AttributeValue), notEquals(String, AttributeValue)
    case less(String, AttributeValue), lessOrEqual(String, AttributeValue)
    case greater(String, AttributeValue), greaterOrEqual(String, AttributeValue)
    case between(String, AttributeValue, AttributeValue)
    case beginsWith(String, String)
    case contains(String, AttributeValue)
    case oneOf(String, [AttributeValue])
    case and([Condition]), or([Condition]), not(Condition)
}
/// One clause of an UpdateExpression.
public enum Update: Sendable {
    case set(String, AttributeValue)
    case setIfAbsent(String, AttributeValue)
    case remove(String)
    case add(String, AttributeValue)
    case delete(String, AttributeValue)
    case append(String, [AttributeValue])
}
public struct DynamoDB: Sendable {
    public init(_ client: AWSClient) { fatalError("stub") }
    public enum ReturnValues: String, Sendable { case none = "NONE", allOld = "ALL_OLD", updatedOld = "UPDATED_OLD", allNew = "ALL_NEW", updatedNew = "UPDATED_NEW" }
    public struct Query: Sendable {
        public var table: String
        public var index: String?
        public var keyCondition: Condition
        public var filter: Condition?
        public var limit: Int?
        public var ascending = true
        public var consistent = false
        public var startKey: Item?
        public var projection: [String]?
        /// COUNT only.
        public var countOnly = false
        public init(table: String, index: String? = nil, where keyCondition: Condition) { fatalError("stub") }
    }
    public struct Page: Sendable { public var items: [Item]; public var count: Int; public var lastKey: Item? }
    public enum TransactItem: Sendable {
        case put(Item, table: String, condition: Condition? = nil)
        case update(key: Item, table: String, [Update], condition: Condition? = nil)
        case delete(key: Item, table: String, condition: Condition? = nil)
        case check(key: Item, table: String, condition: Condition)
    }
    public func get(_ key: Item, from table: String, consistent: Bool = true, projection: [String]? = nil) async throws(AWSError) -> Item? { fatalError("stub") }
    /// The old item when there was one and it was asked for.
    @discardableResult public func put(_ item: Item, into table: String, condition: Condition? = nil, returning: ReturnValues = .none) async throws(AWSError) -> Item? { fatalError("stub") }
    @discardableResult public func update(_ key: Item, in table: String, _ updates: [Update], condition: Condition? = nil, returning: ReturnValues = .none) async throws(AWSError) -> Item? { fatalError("stub") }
    @discardableResult public func delete(_ key: Item, from table: String, condition: Condition? = nil, returning: ReturnValues = .none) async throws(AWSError) -> Item? { fatalError("stub") }
    public func query(_ query: Query) async throws(AWSError) -> Page { fatalError("stub") }
    public func transactWrite(_ items: [TransactItem], token: String? = nil) async throws(AWSError) { fatalError("stub") }
    /// Any operation by name, for set-up (`CreateTable`, `DescribeTable`, `UpdateTimeToLive`).
    @discardableResult public func call(_ operation: String, _ input: JSON) async throws(AWSError) -> JSON { fatalError("stub") }
}
public struct S3: Sendable {
    public init(_ client: AWSClient) { fatalError("stub") }
    public struct ObjectInfo: Sendable { public var etag: String?; public var size: Int?; public var contentType: String?; public var metadata: [String: String] }
    public struct PutOptions: Sendable {
        public var contentType: String?
        public var contentDisposition: String?
        public var cacheControl: String?
        public var metadata: [String: String] = [:]
        /// `If-None-Match: *`.
        public var onlyIfAbsent = false
        public init(contentType: String? = nil) { self.contentType = contentType }
    }
    public struct Body: Sendable { public var info: ObjectInfo; public var stream: HTTPClient.StreamingResponse }
    @discardableResult public func put(_ bytes: [UInt8], bucket: String, key: String, options: PutOptions = .init()) async throws(AWSError) -> ObjectInfo { fatalError("stub") }
    /// A body of known length that comes in pieces: one PUT, signed in chunks (`STREAMING-AWS4-HMAC-SHA256-PAYLOAD`), never held whole. Not retried once begun.
    @discardableResult public func put(length: Int, bucket: String, key: String, options: PutOptions = .init(), next: @escaping @Sendable () async throws -> [UInt8]?) async throws(AWSError) -> ObjectInfo { fatalError("stub") }
    /// A body of unknown length: one PUT when it ends within `partSize`, else a multipart upload, aborted on failure.
    @discardableResult public func upload(bucket: String, key: String, options: PutOptions = .init(), partSize: Int = 8 << 20, next: @escaping @Sendable () async throws -> [UInt8]?) async throws(AWSError) -> ObjectInfo { fatalError("stub") }
    public func get(bucket: String, key: String, limit: Int = 8 << 20) async throws(AWSError) -> [UInt8] { fatalError("stub") }
    public func stream(bucket: String, key: String) async throws(AWSError) -> Body { fatalError("stub") }
    /// nil when there is no such object.
    public func head(bucket: String, key: String) async throws(AWSError) -> ObjectInfo? { fatalError("stub") }
    public func delete(bucket: String, key: String) async throws(AWSError) { fatalError("stub") }
    public func createBucket(_ bucket: String) async throws(AWSError) { fatalError("stub") }
    public func headBucket(_ bucket: String) async throws(AWSError) { fatalError("stub") }
    public struct Presigned: Sendable { public var url: String; public var expires: Timestamp; public var headers: HTTPHeaders }
    /// `responseHeaders`: `response-content-disposition` and its like.
    public func presignGet(bucket: String, key: String, expiresIn: Duration, responseHeaders: [String: String] = [:]) async throws(AWSError) -> Presigned { fatalError("stub") }
    public func presignPut(bucket: String, key: String, expiresIn: Duration, contentType: String?, contentLength: Int?, onlyIfAbsent: Bool = false) async throws(AWSError) -> Presigned { fatalError("stub") }
}
public struct SNS: Sendable {
    public init(_ client: AWSClient) { fatalError("stub") }
    public enum Attribute: Sendable { case string(String), number(String), binary([UInt8]) }
    /// The message id. `groupID` and `deduplicationID` for FIFO topics.
    @discardableResult public func publish(_ message: String, to topicARN: String, subject: String? = nil, attributes: [String: Attribute] = [:], groupID: String? = nil, deduplicationID: String? = nil) async throws(AWSError) -> String { fatalError("stub") }
    public func createTopic(_ name: String) async throws(AWSError) -> String { fatalError("stub") }
    public func subscribe(topicARN: String, protocol: String, endpoint: String, attributes: [String: String] = [:]) async throws(AWSError) -> String { fatalError("stub") }
}
public struct SQS: Sendable {
    public init(_ client: AWSClient) { fatalError("stub") }
    public struct Message: Sendable { public var messageID: String; public var receiptHandle: String; public var body: String; public var attributes: [String: String]; public var messageAttributes: [String: String] }
    public struct Entry: Sendable {
        public var body: String
        public var delay: Duration
        public var attributes: [String: String]
        public init(_ body: String, delay: Duration = .zero, attributes: [String: String] = [:]) { fatalError("stub") }
    }
    /// An entry of a batch that failed inside a 200.
    public struct Failure: Sendable { public var index: Int; public var code: String; public var message: String; public var senderFault: Bool }
    @discardableResult public func send(_ body: String, to queueURL: String, delay: Duration = .zero, attributes: [String: String] = [:]) async throws(AWSError) -> String { fatalError("stub") }
    public func send(batch: [Entry], to queueURL: String) async throws(AWSError) -> [Failure] { fatalError("stub") }
    public func receive(from queueURL: String, maximum: Int = 10, wait: Duration = .zero, visibilityTimeout: Duration? = nil) async throws(AWSError) -> [Message] { fatalError("stub") }
    public func delete(receiptHandle: String, from queueURL: String) async throws(AWSError) { fatalError("stub") }
    public func delete(batch receiptHandles: [String], from queueURL: String) async throws(AWSError) -> [Failure] { fatalError("stub") }
    public func changeVisibility(receiptHandle: String, of queueURL: String, to timeout: Duration) async throws(AWSError) { fatalError("stub") }
    public func changeVisibility(batch: [(receiptHandle: String, timeout: Duration)], of queueURL: String) async throws(AWSError) -> [Failure] { fatalError("stub") }
    /// The queue's address. `attributes` as SQS names them (`RedrivePolicy`, `VisibilityTimeout`).
    public func createQueue(_ name: String, attributes: [String: String] = [:]) async throws(AWSError) -> String { fatalError("stub") }
    public func attributes(of queueURL: String, _ names: [String] = ["All"]) async throws(AWSError) -> [String: String] { fatalError("stub") }
}
extension AWSError {
    /// An error of ours.
    public init(_ code: Code, _ message: String, service: String, operation: String) { fatalError("stub") }
}
