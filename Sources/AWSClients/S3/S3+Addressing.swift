import HTTP

extension S3 {
    static let maximumKeyBytes = 1024

    /// A call on a bucket, or on an object of it.
    func call(
        _ name: String, _ method: HTTPMethod, bucket: String, key: String? = nil
    ) throws(AWSError) -> Call {
        let operation = Operation(.s3, name)
        try Self.check(bucket: bucket, operation)
        if let key { try Self.check(key: key, operation) }
        var call = Call(operation, method)
        let object = key.map { URL.percentEncode($0, keepingSlashes: true) } ?? ""
        if try usesPath(for: bucket) {
            call.path = key == nil ? "/\(bucket)" : "/\(bucket)/\(object)"
        } else {
            call.hostPrefix = bucket
            call.path = "/\(object)"
        }
        return call
    }

    private func usesPath(for bucket: String) throws(AWSError) -> Bool {
        switch addressing {
        case .path: true
        case .virtualHost: false
        case .automatic:
            // A certificate's wildcard covers one label, so a bucket with dots has no valid host of its own.
            try client.configuration.endpoint(for: .s3).isCustom || bucket.utf8.contains(UInt8(ascii: "."))
        }
    }

    /// The name becomes part of a host: 3 to 63 of `a-z0-9.-`
    /// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
    static func check(bucket: String, _ operation: Operation) throws(AWSError) {
        if bucket.hasPrefix("arn:") {
            throw operation.invalid("access points are not supported; give a bucket's name")
        }
        if ["-s3alias", "--ol-s3"].contains(where: bucket.hasSuffix) {
            throw operation.invalid("access point aliases are not supported; give a bucket's name")
        }
        if bucket.hasSuffix("--x-s3") {
            throw operation.invalid("directory buckets are not supported; their sessions sign otherwise")
        }
        let bytes = Array(bucket.utf8)
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
        }
        guard (3...63).contains(bytes.count), let first = bytes.first, let last = bytes.last,
            isAlphanumeric(first), isAlphanumeric(last), !Self.hasEmptyLabel(bucket),
            bytes.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
        else {
            throw operation.invalid(
                "the bucket name \"\(bucket.prefix(80))\" is not 3 to 63 lower-case letters, digits, dots and hyphens"
            )
        }
    }

    private static func hasEmptyLabel(_ bucket: String) -> Bool {
        bucket.split(separator: ".", omittingEmptySubsequences: false).contains(where: \.isEmpty)
    }

    static func check(key: String, _ operation: Operation) throws(AWSError) {
        let count = key.utf8.count
        guard (1...maximumKeyBytes).contains(count) else {
            throw operation.invalid("a key of \(count) bytes; 1 to 1,024 are allowed")
        }
    }
}
