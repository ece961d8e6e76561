import Crypto
import TestSupport
import Time

@testable import AWSClients

/// Signature Version 4 from the receiver's side, over the raw request. Shares only the hash functions with the signer.
struct SignatureVerifier {
    static let region = "eu-west-1"

    struct Refusal: Error {
        let code: String
        let reason: String
    }

    private let raw: ScriptedServer.Connection.Request
    private let now: Timestamp
    private let accounts: [Credentials]
    private let headers: [String: String]
    private let method: String
    private let target: String
    /// Key, date, region, service and ending, as the caller claims them.
    private let claim: [String]

    /// The service that the caller claims.
    var service: String { claim.count == 5 ? claim[3] : "?" }

    /// The account that the caller claims; the first where it claims none that is known.
    private var account: Credentials { accounts.first { $0.accessKeyID == claim.first } ?? accounts[0] }

    init(_ raw: ScriptedServer.Connection.Request, now: Timestamp, accounts: [Credentials]) {
        self.raw = raw
        self.now = now
        self.accounts = accounts
        var headers: [String: String] = [:]
        for line in raw.headers {
            let name = line.prefix { $0 != ":" }.lowercased()
            let value = line.dropFirst(name.count + 1).drop { $0 == " " }
            headers[name] = headers[name].map { "\($0),\(value)" } ?? String(value)
        }
        self.headers = headers
        let words = raw.line.split(separator: " ")
        method = String(words.first ?? "")
        target = words.count > 1 ? String(words[1]) : "/"
        let marks: Set<Character> = [" ", ",", "?", "&"]
        let fields = (headers["authorization"] ?? target).split { marks.contains($0) }
        let credential = fields.first { $0.hasPrefix("Credential=") || $0.hasPrefix("X-Amz-Credential=") }
        claim = (credential?.split(separator: "=", maxSplits: 1).last ?? "")
            .split(separator: "/").flatMap { Self.unescape(String($0)).split(separator: "/") }.map(
                String.init)
    }

    /// `acceptsUnsigned`: a request without any signature is taken as it is.
    func verify(acceptsUnsigned: Bool) -> Result<StrictServer.Request, Refusal> {
        do throws(Refusal) {
            if acceptsUnsigned, headers["authorization"] == nil {
                return .success(
                    StrictServer.Request(method: method, target: target, headers: headers, body: raw.body))
            }
            let body = try contains(target, "X-Amz-Signature=") ? verifyQuery() : verifyHeader()
            return .success(
                StrictServer.Request(method: method, target: target, headers: headers, body: body))
        } catch {
            return .failure(error)
        }
    }

    private func verifyHeader() throws(Refusal) -> [UInt8] {
        guard let authorization = headers["authorization"] else {
            throw Refusal(code: "MissingAuthenticationToken", reason: "no authorization")
        }
        var fields: [String: String] = [:]
        let parts = authorization.split(separator: " ", maxSplits: 1)
        for field in (parts.last ?? "").split(separator: ",") {
            let pair = field.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { fields[String(pair[0])] = String(pair[1]) }
        }
        guard parts.first == "AWS4-HMAC-SHA256", let credential = fields["Credential"],
            let signedHeaders = fields["SignedHeaders"], let signature = fields["Signature"],
            let date = headers["x-amz-date"], let time = Timestamp(basicISO8601: date)
        else { throw Refusal(code: "IncompleteSignature", reason: "the authorization is incomplete") }
        try checkTime(time)
        guard headers["x-amz-security-token"] == account.sessionToken else {
            throw Refusal(code: "InvalidClientTokenId", reason: "the session token is not the one given")
        }
        try checkExpiry()
        let signed = signedHeaders.split(separator: ";").map(String.init)
        for name in headers.keys
        where name.hasPrefix("x-amz-") || name.hasPrefix("amz-sdk-") || name == "host"
            || name == "content-type"
        {
            guard signed.contains(name) || name == "x-amzn-trace-id" else {
                throw Refusal(code: "SignatureDoesNotMatch", reason: "\(name) is not signed")
            }
        }
        let bodyHash = Hex.encode(SHA256.hash(raw.body))
        var payloadHash = bodyHash
        if service == "s3" {
            guard let claimed = headers["x-amz-content-sha256"] else {
                throw Refusal(code: "InvalidRequest", reason: "no x-amz-content-sha256")
            }
            let isStreaming = [
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            ].contains(claimed)
            guard isStreaming || claimed == bodyHash else {
                throw Refusal(code: "XAmzContentSHA256Mismatch", reason: "the body is not what was signed")
            }
            payloadHash = claimed
        }
        try compare(
            credential, signature, signed, query: String(target.drop { $0 != "?" }.dropFirst()), date,
            payloadHash)
        if payloadHash != bodyHash { return try decodeChunks(credential, date, seed: signature) }
        if service == "s3" { try checkChecksums(headers, raw.body) }
        return raw.body
    }

    private func verifyQuery() throws(Refusal) -> [UInt8] {
        let pairs = target.drop { $0 != "?" }.dropFirst().split(separator: "&").map(String.init)
        func value(_ name: String) -> String? {
            pairs.first { $0.hasPrefix(name + "=") }.map {
                Self.unescape(String($0.dropFirst(name.count + 1)))
            }
        }
        guard let credential = value("X-Amz-Credential"), let signature = value("X-Amz-Signature"),
            let date = value("X-Amz-Date"), let time = Timestamp(basicISO8601: date),
            let seconds = value("X-Amz-Expires").flatMap({ Int64($0) }),
            let names = value("X-Amz-SignedHeaders")
        else { throw Refusal(code: "AuthorizationQueryParametersError", reason: "the query is incomplete") }
        guard now >= time - .seconds(900), now <= time + .seconds(seconds), seconds <= 604_800 else {
            throw Refusal(code: "AccessDenied", reason: "Request has expired")
        }
        guard value("X-Amz-Security-Token") == account.sessionToken else {
            throw Refusal(code: "InvalidToken", reason: "the session token is not the one given")
        }
        try checkExpiry()
        let query = pairs.filter { !$0.hasPrefix("X-Amz-Signature=") }.joined(separator: "&")
        try compare(
            credential, signature, names.split(separator: ";").map(String.init), query: query, date,
            "UNSIGNED-PAYLOAD")
        return raw.body
    }

    private func checkExpiry() throws(Refusal) {
        if let expiration = account.expiration, now >= expiration {
            throw Refusal(
                code: ["s3", "sns", "sts"].contains(service) ? "ExpiredToken" : "ExpiredTokenException",
                reason: "the session has expired")
        }
    }

    private func checkTime(_ time: Timestamp) throws(Refusal) {
        let tolerance = Duration.seconds(service == "s3" ? 900 : 300)
        let difference = time > now ? time - now : now - time
        if difference > tolerance {
            throw Refusal(
                code: service == "s3" ? "RequestTimeTooSkewed" : "InvalidSignatureException",
                reason: "the clocks differ by \(difference.milliseconds / 1000) s")
        }
    }

    private func compare(
        _ credential: String, _ signature: String, _ signed: [String], query: String, _ date: String,
        _ payloadHash: String
    ) throws(Refusal) {
        let scope = credential.split(separator: "/").dropFirst().joined(separator: "/")
        guard credential.hasPrefix(account.accessKeyID + "/"),
            scope == "\(date.prefix(8))/\(Self.region)/\(service)/aws4_request"
        else { throw Refusal(code: "SignatureDoesNotMatch", reason: "the credential is \(credential)") }
        let rawPath = String(target.prefix { $0 != "?" })
        var request = "\(method)\n\(service == "s3" ? rawPath : escapeAgain(rawPath))\n"
        request += query.split(separator: "&").sorted {
            Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8))
        }
        .joined(separator: "&")
        request += "\n"
        for name in signed {
            guard let value = headers[name] else {
                throw Refusal(code: "SignatureDoesNotMatch", reason: "\(name) is signed but was not sent")
            }
            request += "\(name):\(value.split(separator: " ").joined(separator: " "))\n"
        }
        request += "\n\(signed.joined(separator: ";"))\n\(payloadHash)"
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(Hex.encode(SHA256.hash(Array(request.utf8))))"
        guard sign(text, scope) == signature else {
            throw Refusal(code: "SignatureDoesNotMatch", reason: "the signature does not match the request")
        }
    }

    private func decodeChunks(_ credential: String, _ date: String, seed: String) throws(Refusal) -> [UInt8] {
        let scope = credential.split(separator: "/").dropFirst().joined(separator: "/")
        let chunks = ChunkVerifier(
            date: date, scope: scope, sign: { sign($0, scope) }, mode: headers["x-amz-content-sha256"] ?? "")
        let (body, trailer) = try chunks.decode(raw.body, seed: seed)
        guard headers["x-amz-decoded-content-length"] == "\(body.count)" else {
            throw Refusal(
                code: "IncompleteBody", reason: "the decoded length is not the one announced")
        }
        guard trailer.keys.joined() == headers["x-amz-trailer"] ?? "" else {
            throw Refusal(code: "MalformedTrailerError", reason: "the trailer is not the one announced")
        }
        try checkChecksums(trailer, body)
        return body
    }

    private func checkChecksums(_ fields: [String: String], _ body: [UInt8]) throws(Refusal) {
        let isRequired = target.hasSuffix("?delete=") || target.hasSuffix("?tagging=") && method == "PUT"
        // Of a whole object that is made of parts sent before.
        let isOfParts = method == "POST" && contains(target, "uploadId=")
        if !isOfParts, let fault = ChecksumVerifier.fault(fields, body, isRequired: isRequired) {
            throw Refusal(code: "BadDigest", reason: fault)
        }
    }

    private func sign(_ text: String, _ scope: String) -> String {
        var key = Array("AWS4".utf8)
        account.secretAccessKey.withBytes { bytes in
            for index in bytes.indices { key.append(bytes[index]) }
        }
        for part in scope.split(separator: "/") { key = HMAC.sha256(key: key, Array(part.utf8)) }
        return Hex.encode(HMAC.sha256(key: key, Array(text.utf8)))
    }

    private func escapeAgain(_ path: String) -> String {
        path.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F, 0x7E:
                String(UnicodeScalar(byte))
            default: "%" + Hex.encode([byte]).uppercased()
            }
        }.joined()
    }

    private static func unescape(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25,
                let value = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self).lowercased())
            {
                bytes += value
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func contains(_ text: String, _ part: String) -> Bool {
        let (text, part) = (Array(text.utf8), Array(part.utf8))
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
    }
}
