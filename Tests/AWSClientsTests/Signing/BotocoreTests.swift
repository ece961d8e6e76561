import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import AWSClients

/// A request with botocore's signatures, made by dev/signing_vectors.py.
struct BotocoreCase: Sendable, CustomTestStringConvertible {
    static let file =
        (try? JSON(parsing: (try? Fixtures.bytes("sigv4/botocore.json")) ?? [])) ?? .null
    static let all = (file["cases"]?.array ?? []).map { BotocoreCase(json: $0) }

    let json: JSON

    var testDescription: String {
        ["service", "method", "host", "path", "query", "access_key_id", "token"].compactMap {
            json[$0]?.string
        }.joined(separator: " ") + " \(json["headers"] ?? .null)"
    }

    static func time() throws -> Timestamp {
        try #require(file["time"]?.string.flatMap { Timestamp(basicISO8601: $0) })
    }

    func text(_ name: String) throws -> String { try #require(json[name]?.string) }

    func url() throws -> URL {
        var url = try #require(URL(try text("host") + "/"))
        url.path = try text("path")
        let query = try text("query")
        url.query = query.isEmpty ? nil : query
        return url
    }

    func headers() throws -> HTTPHeaders {
        var headers: HTTPHeaders = [:]
        for (name, value) in try #require(json["headers"]?.object) {
            headers.add(name, try #require(value.string))
        }
        return headers
    }

    func signer() throws -> SigV4 {
        let service = try text("service")
        return SigV4(
            credentials: Credentials(
                accessKeyID: try text("access_key_id"),
                secretAccessKey: try #require(Self.file["secret_access_key"]?.string),
                sessionToken: json["token"]?.string),
            region: try #require(Self.file["region"]?.string), service: service,
            pathRule: service == "s3" ? .asSent : .normalizedAndEncodedTwice, keys: SigningKeyCache())
    }
}

@Suite struct BotocoreTests {
    @Test func everyCaseIsThere() {
        #expect(BotocoreCase.all.count == 40)
        // Of repeated names botocore keeps one in the query form.
        #expect(BotocoreCase.all.filter { $0.json["query_signature"] != nil }.count == 38)
    }

    @Test(arguments: BotocoreCase.all)
    func signsInTheHeaderAsBotocoreDoes(_ example: BotocoreCase) throws {
        var headers = try example.headers()
        try example.signer().sign(
            method: HTTPMethod(rawValue: try example.text("method")), url: try example.url(),
            headers: &headers, payloadHash: SigV4.emptyHash,
            sendsPayloadHash: try example.text("service") == "s3", at: try BotocoreCase.time())
        #expect(headers["authorization"] == (try example.text("authorization")))
    }

    @Test(arguments: BotocoreCase.all.filter { $0.json["query_signature"] != nil })
    func signsInTheQueryAsBotocoreDoes(_ example: BotocoreCase) throws {
        var url = try example.url()
        let isS3 = try example.text("service") == "s3"
        let signature = try example.signer().presign(
            method: HTTPMethod(rawValue: try example.text("method")), url: &url,
            headers: try example.headers(),
            payloadHash: isS3 ? SigV4.unsignedPayload : SigV4.emptyHash, seconds: 900,
            at: try BotocoreCase.time())
        #expect(
            String(decoding: signature.signedHeaders, as: UTF8.self)
                == (try example.text("query_signed_headers")))
        #expect(signature.value == (try example.text("query_signature")))
    }

    @Test func signsAPolicyAsBotocoreDoes() throws {
        let fields = try #require(BotocoreCase.file["post"])
        let signature = try BotocoreCase.all[0].signer().signature(
            ofPolicy: try #require(fields["policy"]?.string), at: try BotocoreCase.time())
        #expect(signature == fields["x-amz-signature"]?.string)
    }
}
