public import Time
import Crypto
import HTTP
import JSON

extension S3 {
    /// What a form may upload: for browsers, which cannot sign
    /// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html).
    public struct PostPolicy: Sendable {
        /// What a field must be.
        public enum Match: Sendable, Hashable {
            /// This value.
            case exactly(String)
            /// Begin so; the empty text allows anything.
            case startsWith(String)
        }

        /// The object's key; `${filename}` at its end stands for the file's own name.
        public var key: Match
        /// In bytes, both ends included.
        public var contentLength: ClosedRange<Int>?
        /// Other fields, by name, such as `Content-Type`, `x-amz-meta-seed` or `success_action_status`.
        public var fields: [String: Match] = [:]

        /// A policy for one key or keys with one beginning.
        public init(key: Match) { self.key = key }
    }

    /// A form that carries its own permission: its fields are secrets.
    public struct PresignedPost: Sendable {
        /// Where the form goes, `multipart/form-data`.
        public var url: String
        /// Fields to be sent, before the field `file`. Those with a beginning are the caller's to add.
        public var fields: [String: String]
        /// When it stops to hold: as asked, or earlier when the credentials that signed it expire before.
        public var expires: Timestamp
    }

    /// Permission to upload by a form what `policy` allows.
    public func presignPost(
        bucket: String, _ policy: PostPolicy, expiresIn: Duration
    ) async throws(AWSError) -> PresignedPost {
        let call = try call("PostObject", .post, bucket: bucket)
        let seconds = try Self.seconds(expiresIn, call.operation)
        switch policy.key {
        case .exactly(let key): try Self.check(key: key, call.operation)
        case .startsWith(let prefix) where prefix.utf8.count > Self.maximumKeyBytes:
            try Self.check(key: prefix, call.operation)
        case .startsWith: break
        }
        if let length = policy.contentLength {
            try Self.check(putLength: length.lowerBound, call.operation)
            try Self.check(putLength: length.upperBound, call.operation)
        }
        let signer = try await client.signer(for: call.operation)
        let time = client.now
        let end = min(time + .seconds(seconds), signer.credentials.expiration ?? .init(milliseconds: .max))
        let url = try client.url(for: call)
        return PresignedPost(
            url: url.description, fields: signer.sign(policy, bucket: bucket, until: end, at: time),
            expires: end)
    }
}

extension SigV4 {
    /// The fields of a form under a policy, the policy and its signature among them.
    func sign(
        _ policy: S3.PostPolicy, bucket: String, until end: Timestamp, at time: Timestamp
    ) -> [String: String] {
        let key = key(at: time)
        var fields = [
            "x-amz-algorithm": Self.algorithm,
            "x-amz-credential": "\(credentials.accessKeyID)/\(String(decoding: key.scope, as: UTF8.self))",
            "x-amz-date": time.basicISO8601,
        ]
        fields["x-amz-security-token"] = credentials.sessionToken
        var conditions: [JSON] = [["bucket": .string(bucket)]]
        let matches = [("key", policy.key)] + policy.fields.sorted { $0.key < $1.key }
        for (name, match) in matches {
            switch match {
            case .exactly(let value): fields[name] = value
            case .startsWith(let prefix):
                conditions.append(["starts-with", .string("$\(name)"), .string(prefix)])
            }
        }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            conditions.append(["eq", .string("$\(name)"), .string(value)])
        }
        if let length = policy.contentLength {
            conditions.append([
                "content-length-range", .number(length.lowerBound), .number(length.upperBound),
            ])
        }
        let document: JSON = ["expiration": .string(end.rfc3339), "conditions": .array(conditions)]
        let text = Base64.encode(document.serialized())
        fields["policy"] = text
        fields["x-amz-signature"] = signature(ofPolicy: text, at: time)
        return fields
    }

    /// The string to sign is the policy in base64
    /// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html).
    func signature(ofPolicy text: String, at time: Timestamp) -> String {
        var digits: [UInt8] = []
        key(at: time).sign(Array(text.utf8), to: &digits)
        return String(decoding: digits, as: UTF8.self)
    }
}
