import Crypto
import HTTP
import JSON
import TestSupport
import Testing

@testable import AWSClients

/// Messages are signed by the `openssl` program, over texts put together here by AWS's page.
@Suite(.timeLimit(.minutes(1))) struct SNSMessageVerifierTests {
    static let topic = "arn:aws:sns:us-east-1:123456789012:jobs"
    static let address = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123.pem"

    private let folder: TemporaryFolder
    private let fetched = Locked<[String]>([])

    init() async throws {
        folder = try TemporaryFolder()
        try await OpenSSLCommand.makeCertificate(named: "sns", in: folder)
    }

    private func verifier(clock: FakeClock = FakeClock()) throws -> SNSMessageVerifier {
        let client = AWSClient(
            http: TestLoop.http, configuration: try .init(region: "us-east-1"),
            credentials: StrictServer.credentials, clock: clock.clock)
        let pem = try Fixtures.bytes("\(folder.path)/sns.pem")
        return SNSMessageVerifier(client) { [fetched] url throws(AWSError) in
            fetched.withLock { $0.append(url.description) }
            return pem
        }
    }

    private func signature(of text: String, version: String) async throws -> String {
        try folder.write("text", Array(text.utf8))
        let digest = version == "1" ? "-sha1" : "-sha256"
        try await OpenSSLCommand.run(
            ["dgst", digest, "-sign", "file:sns.key", "-out", "file:signature", "file:text"], in: folder)
        return Base64.encode(try Fixtures.bytes("\(folder.path)/signature"))
    }

    private func notification(
        version: String = "2", subject: String? = "done", _ change: (inout JSON.Object) -> Void = { _ in }
    ) async throws -> [UInt8] {
        let signed =
            "Message\n{\"a\":\"ü\\n\"}\nMessageId\nm-1\n" + (subject.map { "Subject\n\($0)\n" } ?? "")
            + "Timestamp\n2026-11-21T10:00:00.000Z\nTopicArn\n\(Self.topic)\nType\nNotification\n"
        var message: JSON.Object = [
            "Type": "Notification", "MessageId": "m-1", "TopicArn": .string(Self.topic),
            "Message": "{\"a\":\"ü\\n\"}", "Timestamp": "2026-11-21T10:00:00.000Z",
            "SignatureVersion": .string(version),
            "Signature": .string(try await signature(of: signed, version: version)),
            "SigningCertURL": .string(Self.address), "UnsubscribeURL": "https://example.com/",
            "MessageAttributes": ["event": ["Type": "String", "Value": "x"]],
        ]
        message["Subject"] = subject.map { .string($0) }
        change(&message)
        return JSON.object(message).serialized()
    }

    @Test(arguments: ["1", "2"], ["done", nil])
    func aSignedNotificationIsBelieved(_ version: String, _ subject: String?) async throws {
        let message = try await verifier().verify(
            try await notification(version: version, subject: subject), from: Self.topic)
        #expect(message.kind == .notification)
        #expect(message.messageID == "m-1")
        #expect(message.text == "{\"a\":\"ü\\n\"}")
        #expect(message.subject == subject)
        #expect(message.timestamp == "2026-11-21T10:00:00.000Z")
    }

    @Test func aConfirmationIsSignedWithItsAddressAndToken() async throws {
        let address = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
        let signed =
            "Message\nYou have chosen\nMessageId\nm-2\nSubscribeURL\n\(address)\n"
            + "Timestamp\n2026-11-21T10:00:00.000Z\nToken\nt\nTopicArn\n\(Self.topic)\nType\nSubscriptionConfirmation\n"
        let body: JSON = [
            "Type": "SubscriptionConfirmation", "MessageId": "m-2", "TopicArn": .string(Self.topic),
            "Message": "You have chosen", "Timestamp": "2026-11-21T10:00:00.000Z", "Token": "t",
            "SubscribeURL": .string(address), "SignatureVersion": "2",
            "Signature": .string(try await signature(of: signed, version: "2")),
            "SigningCertURL": .string(Self.address),
        ]
        let message = try await verifier().verify(body.serialized(), from: Self.topic)
        #expect(message.kind == .subscriptionConfirmation)
        #expect(message.subscribeURL == URL(address))
    }

    static let forgeries: [(String, JSON?, String)] = [
        ("Message", "other", "its signature is not the certificate's"),
        ("Subject", "other", "its signature is not the certificate's"),
        ("Subject", nil, "its signature is not the certificate's"),
        ("MessageId", "m-2", "its signature is not the certificate's"),
        ("Timestamp", "2026-11-21T10:00:01.000Z", "its signature is not the certificate's"),
        ("Type", "UnsubscribeConfirmation", "its signature is not the certificate's"),
        ("Signature", "AAAA", "its signature is not the certificate's"),
        ("Signature", "?", "it has no signature in base64"),
        ("SignatureVersion", "1", "its signature is not the certificate's"),
        ("SignatureVersion", "3", "its SignatureVersion is neither 1 nor 2"),
        ("SignatureVersion", nil, "its SignatureVersion is neither 1 nor 2"),
        ("TopicArn", "arn:aws:sns:us-east-1:666:evil", "it is of the topic arn:aws:sns:us-east-1:666:evil"),
        ("Type", "Other", "it is no SNS message"), ("Message", 1, "it is no SNS message"),
    ]

    @Test(arguments: forgeries)
    func aForgedMessageIsNot(_ member: String, _ value: JSON?, _ reason: String) async throws {
        let body = try await notification { $0[member] = value }
        let verifier = try verifier()
        let error = await #expect(throws: AWSError.self) { try await verifier.verify(body, from: Self.topic) }
        #expect(error?.code == .invalidSignature)
        #expect(error?.message == reason)
    }

    @Test(arguments: [
        "http://sns.us-east-1.amazonaws.com/x.pem", "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/x.pem", "https://sns.us-east-1.evil.com/x.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/x.pem", "https://s3.us-east-1.amazonaws.com/x.pem",
        "https://sns.amazonaws.com/x.pem", "https://sns.x.us-east-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com:8443/x.pem", "https://sns.us-east-1.amazonaws.com/x.pem?a=b",
        "https://sns.us-east-1.amazonaws.com/x", "https://sns.cn-north-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com.cn/x.pem", "https://snsxus-east-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com./x.pem", "https://169.254.169.254/x.pem", "file:///x.pem", "",
    ])
    func aCertificateFromElsewhereIsNotEvenFetched(_ address: String) async throws {
        let body = try await notification { $0["SigningCertURL"] = .string(address) }
        let verifier = try verifier()
        let error = await #expect(throws: AWSError.self) { try await verifier.verify(body, from: Self.topic) }
        #expect(error?.message == "its certificate is not at https://sns.<region>.amazonaws.com")
        #expect(fetched.withLock { $0 }.isEmpty)
    }

    @Test(arguments: [
        "https://sns.us-east-1.amazonaws.com/x.pem", "https://SNS.us-gov-west-1.amazonaws.com:443/x.pem",
        "https://sns.cn-northwest-1.amazonaws.com.cn/a/b.pem",
    ])
    func theseAreSNSsOwnHosts(_ address: String) throws {
        #expect(SNSMessageVerifier.isTrusted(try #require(URL(address))))
    }

    @Test func aCertificateIsFetchedOnceADay() async throws {
        let clock = FakeClock()
        let verifier = try verifier(clock: clock)
        let body = try await notification()
        for _ in 0..<3 { _ = try await verifier.verify(body, from: Self.topic) }
        #expect(fetched.withLock { $0 } == [Self.address])
        try await clock.clock.sleep(.seconds(24 * 3600))
        _ = try await verifier.verify(body, from: Self.topic)
        #expect(fetched.withLock { $0 }.count == 2)
    }

    @Test(arguments: [Duration.seconds(-86_400), .seconds(3 * 86_400)])
    func aCertificateOutsideItsDatesIsRefused(_ error: Duration) async throws {
        let verifier = try verifier(clock: FakeClock(error: error))
        let body = try await notification()
        let refused = await #expect(throws: AWSError.self) {
            try await verifier.verify(body, from: Self.topic)
        }
        #expect(refused?.message == "its certificate is not valid now")
    }

    @Test func anotherKeyOfTheRightNameIsRefused() async throws {
        let body = try await notification()
        try await OpenSSLCommand.makeCertificate(named: "sns", in: folder)
        let verifier = try verifier()
        let error = await #expect(throws: AWSError.self) { try await verifier.verify(body, from: Self.topic) }
        #expect(error?.message == "its signature is not the certificate's")
    }

    @Test func theFetchTakesNothingButASmallSuccess() async throws {
        let server = try ScriptedServer { connection in
            let line = try connection.readRequest().line
            let body = line.hasPrefix("GET /large") ? String(repeating: "x", count: (64 << 10) + 1) : "pem"
            try connection.respond(line.hasPrefix("GET /missing") ? 404 : 200, headers: [], body: body)
        }
        let pem = try await SNSMessageVerifier.fetch(server.url("/small"), TestLoop.http)
        #expect(pem == Array("pem".utf8))
        for path in ["/missing", "/large"] {
            await #expect(throws: AWSError.self) {
                try await SNSMessageVerifier.fetch(server.url(path), TestLoop.http)
            }
        }
    }
}
