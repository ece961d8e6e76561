import Crypto
import JSON
import TestSupport
import Testing

@testable import AWSClients

@Suite struct SigningKeyTests {
    static let cases =
        (try? JSON(parsing: (try? Fixtures.bytes("sigv4/signing-key.json")) ?? []))?["cases"]?.array ?? []

    @Test(arguments: cases)
    func derivesThePublishedKeys(_ example: JSON) throws {
        let key = SigningKey.derive(
            secret: try #require(example["secret"]?.string), date: try #require(example["date"]?.string),
            region: try #require(example["region"]?.string), service: try #require(example["service"]?.string)
        )
        #expect(Hex.encode(key) == example["key_hex"]?.string)
    }

    @Test func everyCaseIsThere() { #expect(Self.cases.count == 2) }

    @Test func aCachedKeyIsNotTakenForAnother() {
        let cache = SigningKeyCache()
        let asked = [
            ("one", "20260101", "us-east-1", "s3"), ("two", "20260101", "us-east-1", "s3"),
            ("two", "20260102", "us-east-1", "s3"), ("two", "20260102", "eu-west-1", "s3"),
            ("two", "20260102", "eu-west-1", "sqs"), ("one", "20260101", "us-east-1", "s3"),
        ]
        for (secret, date, region, service) in asked + asked {
            #expect(
                cache.key(secret: secret, date: date, region: region, service: service)
                    == SigningKey.derive(secret: secret, date: date, region: region, service: service))
        }
    }
}
