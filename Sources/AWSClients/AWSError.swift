import JSON

/// A failed call: the service's own code even when nobody here knows it.
public struct AWSError: Error, Sendable, CustomStringConvertible {
    /// Names why a call failed. Services add codes at any time: switch with a default.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The code as the service wrote it, without namespace or address.
        public let rawValue: String
        /// Any code, known here or not.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// DynamoDB: the item was not as the condition asked. See `AWSError.attempts`.
        public static let conditionalCheckFailed = Code(rawValue: "ConditionalCheckFailedException")
        /// DynamoDB: no action of the transaction was done.
        public static let transactionCanceled = Code(rawValue: "TransactionCanceledException")
        /// DynamoDB: no such table or index.
        public static let resourceNotFound = Code(rawValue: "ResourceNotFoundException")
        /// DynamoDB: the table exists or is being changed.
        public static let resourceInUse = Code(rawValue: "ResourceInUseException")
        /// S3: no such object.
        public static let noSuchKey = Code(rawValue: "NoSuchKey")
        /// S3: no such bucket.
        public static let noSuchBucket = Code(rawValue: "NoSuchBucket")
        /// S3: `If-None-Match` or `If-Match` did not hold.
        public static let preconditionFailed = Code(rawValue: "PreconditionFailed")
        /// S3: the object is still the one that `If-None-Match` named. Ours, because the answer has no body to say it.
        public static let notModified = Code(rawValue: "NotModified")
        /// Ours: no whole response came; `underlying` is the `HTTPError`.
        public static let transport = Code(rawValue: "comfy.Transport")
        /// Ours: nobody in the chain had credentials; the message names each and why it passed.
        public static let noCredentials = Code(rawValue: "comfy.NoCredentials")
        /// Ours: refused before anything was sent; the message names the limit.
        public static let invalidInput = Code(rawValue: "comfy.InvalidInput")
        /// Ours: a success whose body made no sense or failed its checksum.
        public static let malformedResponse = Code(rawValue: "comfy.MalformedResponse")
        /// Ours: the invocation's end, or the call's own limit, was too near for another attempt.
        public static let deadlineExceeded = Code(rawValue: "comfy.DeadlineExceeded")
        /// Ours: the task was cancelled.
        public static let cancelled = Code(rawValue: "comfy.Cancelled")
        /// Ours: an error status whose body named no code (a proxy's page, an empty or cut body).
        public static let unknown = Code(rawValue: "comfy.Unknown")
    }

    /// Why.
    public var code: Code
    /// The service's own words, cut to 1,024 characters, or ours.
    public var message: String
    /// The last answer's HTTP status; nil when there was none.
    public var status: Int?
    /// `S3`, `DynamoDB`, …
    public var service: String
    /// `PutItem`, `GetObject`, …
    public var operation: String
    /// What AWS support asks for.
    public var requestID: String?
    /// How many requests were sent. After more than one, a failed condition may be this call's own earlier success
    /// whose answer was lost: compare with what was written.
    public var attempts: Int
    /// What a JSON error said besides: DynamoDB adds items and reasons.
    var details: JSON?
    /// What lay beneath: an `HTTPError`, a `JSON.ParseError`.
    public var underlying: (any Error)?

    /// An error with what is known of it.
    public init(
        code: Code, message: String, status: Int? = nil, service: String = "", operation: String = "",
        requestID: String? = nil, attempts: Int = 0, underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message.count > 1024 ? String(message.prefix(1024)) + "…" : message
        self.status = status
        self.service = service
        self.operation = operation
        self.requestID = requestID
        self.attempts = attempts
        self.underlying = underlying
    }

    /// An error of ours, before anything was sent or after something made no sense.
    public init(_ code: Code, _ message: String, service: String, operation: String) {
        self.init(code: code, message: message, service: service, operation: operation)
    }

    /// One sentence: what was tried, the code, the message, then status, request id and attempts.
    public var description: String {
        var text = [service, operation].filter { !$0.isEmpty }.joined(separator: " ")
        text += text.isEmpty ? "failed: " : " failed: "
        text += message.isEmpty ? code.rawValue : "\(code.rawValue): \(message)"
        var details: [String] = []
        if let status { details.append("HTTP \(status)") }
        if let requestID { details.append("request \(requestID)") }
        if attempts > 1 { details.append("\(attempts) attempts") }
        return details.isEmpty ? text : "\(text) (\(details.joined(separator: ", ")))"
    }
}
