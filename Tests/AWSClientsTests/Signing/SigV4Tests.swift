import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import AWSClients

/// A folder of aws-c-auth's signing test suite.
struct SigningVector: Sendable, CustomTestStringConvertible {
    let name: String
    let testDescription: String
    let credentials: Credentials
    let region: String
    let service: String
    let time: Timestamp
    let normalizes: Bool
    let signsBody: Bool
    let seconds: Int64
    let method: HTTPMethod
    /// As written in the request line, encoded or not.
    let path: String
    let query: String?
    let headers: HTTPHeaders
    let body: [UInt8]

    static let all: [SigningVector] =
        (try? Fixtures.list("sigv4/crt-v4").compactMap { try? SigningVector($0) }) ?? []

    init(_ name: String) throws {
        self.name = name
        testDescription = name
        let context = try JSON(parsing: try Fixtures.bytes("sigv4/crt-v4/\(name)/context.json"))
        let keys = try #require(context["credentials"])
        // "Omitted" means that the token is added after signing: the signer never sees it.
        let omitsToken = context["omit_session_token"]?.bool ?? false
        credentials = Credentials(
            accessKeyID: try #require(keys["access_key_id"]?.string),
            secretAccessKey: try #require(keys["secret_access_key"]?.string),
            sessionToken: omitsToken ? nil : keys["token"]?.string)
        region = try #require(context["region"]?.string)
        service = try #require(context["service"]?.string)
        time = try #require(context["timestamp"]?.string.flatMap { Timestamp(rfc3339: $0) })
        normalizes = context["normalize"] == true
        signsBody = context["sign_body"] == true
        seconds = Int64(try #require(context["expiration_in_seconds"]?.int))

        let text = try Fixtures.text("sigv4/crt-v4/\(name)/request.txt")
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        let requestLine = lines.removeFirst()
        let target = requestLine.dropFirst(requestLine.prefix { $0 != " " }.count + 1).dropLast(
            " HTTP/1.1".count)
        method = HTTPMethod(rawValue: String(requestLine.prefix { $0 != " " }))
        path = String(target.prefix { $0 != "?" })
        query = target.contains("?") ? String(target.drop { $0 != "?" }.dropFirst()) : nil
        var fields: [(name: String, value: String)] = []
        while let line = lines.popFirst(), !line.isEmpty {
            if line.first == " " {
                fields[fields.count - 1].value += " " + line
            } else {
                fields.append(
                    (String(line.prefix { $0 != ":" }), String(line.drop { $0 != ":" }.dropFirst())))
            }
        }
        var headers: HTTPHeaders = [:]
        for field in fields { headers.add(field.name, field.value) }
        self.headers = headers
        body = Array(lines.joined(separator: "\n").utf8)
    }

    /// The suite encodes a raw path once. The signer's rule for S3 takes it as it is sent, so there it is encoded
    /// before; the rule of the others encodes what it is given, so there it is given raw.
    func url() throws -> URL {
        var url = try #require(URL("https://example.amazonaws.com/"))
        url.path = normalizes ? path : URL.percentEncode(path, keepingSlashes: true)
        url.query = query
        return url
    }

    var signer: SigV4 {
        SigV4(
            credentials: credentials, region: region, service: service,
            pathRule: normalizes ? .normalizedAndEncodedTwice : .asSent, keys: SigningKeyCache())
    }

    func expected(_ file: String) throws -> String { try Fixtures.text("sigv4/crt-v4/\(name)/\(file).txt") }
}

/// A case of the S3 API reference.
struct PublishedCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let json: JSON

    static let file = (try? JSON(parsing: (try? Fixtures.bytes("sigv4/s3-published.json")) ?? [])) ?? .null
    static let all = (file["cases"]?.array ?? []).map {
        PublishedCase(testDescription: $0["name"]?.string ?? "", json: $0)
    }
    static let presigned = all.filter { $0.testDescription.hasPrefix("presigned") }
    static let inHeaders = all.filter { !$0.testDescription.hasPrefix("presigned") }
    static let chunked = all.filter { $0.json["chunks"] != nil }

    func text(_ name: String) throws -> String { try #require(json[name]?.string) }

    func url() throws -> URL {
        let host = try #require(json["signed_headers"]?["host"]?.string)
        var url = try #require(URL("https://\(host)/"))
        url.path = try text("canonical_uri")
        return url
    }

    static func signer() throws -> SigV4 {
        SigV4(
            credentials: Credentials(
                accessKeyID: try #require(file["access_key_id"]?.string),
                secretAccessKey: try #require(file["secret_access_key"]?.string)),
            region: "us-east-1", service: "s3", pathRule: .asSent, keys: SigningKeyCache())
    }

    static func time() throws -> Timestamp {
        try #require(file["timestamp"]?.string.flatMap { Timestamp(basicISO8601: $0) })
    }
}

@Suite struct SigV4Tests {
    @Test func everyVectorIsThere() {
        #expect(SigningVector.all.count == 38)
        #expect(PublishedCase.all.count == 7)
        #expect(PublishedCase.presigned.count == 1)
        #expect(PublishedCase.chunked.count == 2)
    }

    @Test(arguments: SigningVector.all)
    func signsInTheHeader(_ vector: SigningVector) throws {
        var headers = vector.headers
        let signature = vector.signer.sign(
            method: vector.method, url: try vector.url(), headers: &headers,
            payloadHash: SigV4.hash(vector.body), sendsPayloadHash: vector.signsBody, at: vector.time)
        #expect(
            String(decoding: signature.canonicalRequest, as: UTF8.self)
                == (try vector.expected("header-canonical-request")))
        #expect(
            String(decoding: signature.stringToSign, as: UTF8.self)
                == (try vector.expected("header-string-to-sign")))
        #expect(signature.value == (try vector.expected("header-signature")))
        let signed = try vector.expected("header-signed-request").split(separator: "\n")
        let authorization = try #require(signed.first { $0.hasPrefix("Authorization:") })
        #expect(headers["authorization"] == String(authorization.dropFirst("Authorization:".count)))
    }

    @Test(arguments: SigningVector.all)
    func signsInTheQuery(_ vector: SigningVector) throws {
        var url = try vector.url()
        let signature = vector.signer.presign(
            method: vector.method, url: &url, headers: vector.headers, payloadHash: SigV4.hash(vector.body),
            seconds: vector.seconds, at: vector.time)
        #expect(
            String(decoding: signature.canonicalRequest, as: UTF8.self)
                == (try vector.expected("query-canonical-request")))
        #expect(
            String(decoding: signature.stringToSign, as: UTF8.self)
                == (try vector.expected("query-string-to-sign")))
        #expect(signature.value == (try vector.expected("query-signature")))
        #expect(url.query?.hasSuffix("&X-Amz-Signature=\(signature.value)") == true)
    }

    @Test(arguments: PublishedCase.inHeaders)
    func signsWhatS3Publishes(_ example: PublishedCase) throws {
        var url = try example.url()
        let query = try example.text("canonical_query")
        url.query = query.isEmpty ? nil : query
        var headers: HTTPHeaders = [:]
        for (name, value) in try #require(example.json["signed_headers"]?.object) {
            // The signer's own to add.
            if !["x-amz-date", "x-amz-content-sha256", "host"].contains(name) {
                headers[name] = value.string
            }
        }
        let signature = try PublishedCase.signer().sign(
            method: HTTPMethod(rawValue: try example.text("method")), url: url, headers: &headers,
            payloadHash: try example.text("payload_hash"), sendsPayloadHash: true,
            at: try PublishedCase.time())
        #expect(
            String(decoding: signature.canonicalRequest, as: UTF8.self)
                == (try example.text("canonical_request")))
        #expect(
            String(decoding: signature.stringToSign, as: UTF8.self) == (try example.text("string_to_sign")))
        #expect(signature.value == (try example.text("signature")))
        if let body = example.json["body_utf8"]?.string {
            #expect(SigV4.hash(Array(body.utf8)) == (try example.text("payload_hash")))
        }
    }

    @Test(arguments: PublishedCase.presigned)
    func presignsWhatS3Publishes(_ example: PublishedCase) throws {
        var url = try example.url()
        let signature = try PublishedCase.signer().presign(
            method: .get, url: &url, headers: [:], payloadHash: SigV4.unsignedPayload, seconds: 86400,
            at: try PublishedCase.time())
        #expect(
            String(decoding: signature.canonicalRequest, as: UTF8.self)
                == (try example.text("canonical_request")))
        #expect(
            String(decoding: signature.stringToSign, as: UTF8.self) == (try example.text("string_to_sign")))
        #expect(signature.value == (try example.text("signature")))
    }

    @Test func aColonInTheAccessKeyStands() throws {
        var headers: HTTPHeaders = [:]
        let signer = SigV4(
            credentials: Credentials(accessKeyID: "key:with:colons", secretAccessKey: "secret"),
            region: "eu-west-1", service: "s3", pathRule: .asSent, keys: SigningKeyCache())
        signer.sign(
            method: .get, url: try #require(URL("http://localhost:4566/b")), headers: &headers,
            payloadHash: SigV4.emptyHash, sendsPayloadHash: true,
            at: try #require(Timestamp(basicISO8601: "20260102T030405Z")))
        #expect(
            headers["authorization"]?.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=key:with:colons/20260102/eu-west-1/s3/aws4_request, "
                    + "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=") == true)
    }

    @Test(arguments: [
        ("https://host:443/", "host:host\n"), ("http://host:80/", "host:host\n"),
        ("http://host:443/", "host:host:443\n"), ("http://127.0.0.1:5555/", "host:127.0.0.1:5555\n"),
    ])
    func signsTheHostAsItIsSent(_ address: String, _ line: String) throws {
        var headers: HTTPHeaders = [:]
        let signature = try PublishedCase.signer().sign(
            method: .get, url: try #require(URL(address)), headers: &headers, payloadHash: SigV4.emptyHash,
            sendsPayloadHash: false, at: try PublishedCase.time())
        #expect(String(decoding: signature.canonicalRequest, as: UTF8.self).contains("\n" + line))
    }

    @Test func aLambdaARNInAPathIsEncodedTwice() throws {
        var headers: HTTPHeaders = [:]
        let signer = SigV4(
            credentials: Credentials(accessKeyID: "a", secretAccessKey: "b"), region: "us-east-1",
            service: "lambda", pathRule: .normalizedAndEncodedTwice, keys: SigningKeyCache())
        let signature = signer.sign(
            method: .post, url: try #require(URL("https://h/functions/arn%3Aaws%3Alambda/invocations")),
            headers: &headers, payloadHash: SigV4.emptyHash, sendsPayloadHash: false,
            at: try PublishedCase.time())
        #expect(
            String(decoding: signature.canonicalRequest, as: UTF8.self)
                .hasPrefix("POST\n/functions/arn%253Aaws%253Alambda/invocations\n"))
    }
}
