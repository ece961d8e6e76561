import Crypto
import JSON
import TestSupport
import Testing
import Time

@testable import AWSClients

@Suite struct SigningKeyTests {
    static let cases =
        (try? JSON(parsing: (try? Fixtures.bytes("sigv4/signing-key.json")) ?? []))?["cases"]?.array ?? []

    /// The key never shows itself: what is published of it is used to sign.
    @Test(arguments: cases)
    func derivesThePublishedKeys(_ example: JSON) throws {
        let key = SigningKey(
            secret: Secret(try #require(example["secret"]?.string)),
            date: try #require(example["date"]?.string), region: try #require(example["region"]?.string),
            service: try #require(example["service"]?.string))
        let published = try #require(example["key_hex"]?.string.flatMap { Hex.decode($0) })
        #expect(signature(key) == Hex.encode(HMAC.sha256(key: published, Array("message".utf8))))
    }

    @Test func everyCaseIsThere() { #expect(Self.cases.count == 2) }

    @Test func aCachedKeyIsNotTakenForAnother() {
        let cache = SigningKeyCache()
        let day = Timestamp(milliseconds: 1_767_225_600_000)
        let asked: [(Secret, Timestamp, String, String)] = [
            ("one", day, "us-east-1", "s3"), ("two", day, "us-east-1", "s3"),
            ("two", day + .seconds(86_400), "us-east-1", "s3"),
            ("two", day + .seconds(86_400), "eu-west-1", "s3"),
            ("two", day + .seconds(86_400), "eu-west-1", "sqs"),
            ("one", day + .seconds(86_399), "us-east-1", "s3"),
        ]
        for (secret, time, region, service) in asked + asked {
            let fresh = SigningKey(secret: secret, date: time.basicDate, region: region, service: service)
            let cached = cache.key(secret: secret, region: region, service: service, at: time)
            #expect(signature(cached) == signature(fresh))
            #expect(cached.scope == Array("\(time.basicDate)/\(region)/\(service)/aws4_request".utf8))
        }
    }

    @Test func aReplacedSecretIsLetGo() {
        let cache = SigningKeyCache()
        let time = Timestamp(milliseconds: 1_767_225_600_000)
        weak var old: Secret?
        func sign(with text: String) {
            let secret = Secret(text)
            if old == nil { old = secret }
            _ = cache.key(secret: secret, region: "us-east-1", service: "s3", at: time)
        }
        sign(with: "one")
        #expect(old != nil)
        sign(with: "two")
        #expect(old == nil)
    }

    private func signature(_ key: SigningKey) -> String {
        var digits: [UInt8] = []
        key.sign(Array("message".utf8), to: &digits)
        return String(decoding: digits, as: UTF8.self)
    }
}
