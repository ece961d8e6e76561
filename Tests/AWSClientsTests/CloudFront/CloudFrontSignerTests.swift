import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import AWSClients

@Suite struct CloudFrontSignerTests {
    static let vectors = BotocoreCase.file["cloudfront"]
    static let addresses = vectors?["addresses"]?.array ?? []

    private static func key() throws -> Secret {
        Secret(try Fixtures.bytes("sigv4/cloudfront-test-key.pem"))
    }

    private static func signer() throws -> CloudFrontSigner {
        try CloudFrontSigner(keyPairID: "K2JCJMDEHXQW5F", privateKey: key())
    }

    /// By botocore's CloudFrontSigner with Python's cryptography: RSA signatures of PKCS #1 are the same every time.
    @Test(arguments: addresses)
    func signsAsBotocoreDoes(_ example: JSON) throws {
        let end = Timestamp(milliseconds: Int64(try #require(Self.vectors?["expires"]?.int)) * 1000)
        let url = try #require(example["url"]?.string.flatMap { URL($0) })
        #expect(try Self.signer().sign(url, until: end) == example["signed"]?.string)
    }

    @Test func everyCaseIsThere() { #expect(Self.addresses.count == 3) }

    @Test func anAddressThatWouldEndThePolicysTextIsRefused() throws {
        var url = try #require(URL("https://d.cloudfront.net/a"))
        url.path = "/a\"}"
        let signer = try Self.signer()
        #expect(throws: AWSError.self) { try signer.sign(url, until: .now) }
    }

    @Test(arguments: ["", "not a pem", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"])
    func whatIsNoKeyIsRefusedWithoutShowingIt(_ text: String) {
        let error = #expect(throws: AWSError.self) {
            try CloudFrontSigner(keyPairID: "K1", privateKey: Secret(text))
        }
        #expect(error?.message == "the text is no PEM of a private key without a passphrase")
    }

    @Test(arguments: ["", "K1&Policy=x", "K 1"])
    func aKeyPairIDThatIsNoneIsRefused(_ id: String) {
        let error = #expect(throws: AWSError.self) {
            try CloudFrontSigner(keyPairID: id, privateKey: Self.key())
        }
        #expect(error?.message == "the key pair id is not letters and digits")
    }
}
