import HTTP
import Testing

@testable import comfy_lambda

@Suite struct RemoteOptionsTests {
    private static func authorization(_ words: [String], _ environment: [String: String] = [:]) throws
        -> DeployedAPI.Authorization
    {
        let options = try RemoteOptions(StatusCommand.syntax.parse(["x"] + words))
        return options.authorization(for: try options.address(environment), environment)
    }

    @Test func theAddressSaysHowCallersAreKnown() throws {
        let cases: [(String, DeployedAPI.Authorization)] = [
            (
                "https://a1b2c3.execute-api.eu-central-1.amazonaws.com",
                .iam(service: "execute-api", region: "eu-central-1")
            ),
            (
                "https://a1b2c3.execute-api.cn-north-1.amazonaws.com.cn/x",
                .iam(service: "execute-api", region: "cn-north-1")
            ),
            (
                "https://a1b2c3.lambda-url.us-east-1.on.aws/",
                .iam(service: "lambda", region: "us-east-1")
            ),
            ("http://127.0.0.1:8000", .none),
            ("https://execute-api.eu-central-1.amazonaws.com", .none),
            ("https://a.execute-api.eu-central-1.amazonaws-com.evil", .none),
            ("https://pictures.example.org", .none),
        ]
        for (url, expected) in cases {
            #expect(try Self.authorization(["--url", url]) == expected, "\(url)")
        }
    }

    @Test func aTokenGoesBeforeASignatureAndARegionMakesOne() throws {
        let url = "https://pictures.example.org"
        let words = ["--url", url, "--sign", "eu-west-1"]
        #expect(try Self.authorization(words) == .iam(service: "execute-api", region: "eu-west-1"))
        #expect(try Self.authorization(words, ["COMFY_LAMBDA_TOKEN": "t"]) == .token("t"))
        #expect(try Self.authorization(words, ["COMFY_LAMBDA_TOKEN": ""]) != .token(""))
    }

    /// A function's address with IAM in front asks for a signature, and the function behind it for a key.
    @Test func aKeyHasAHeaderOfItsOwnAndGoesBesideASignature() throws {
        let key = "comfy_pro_x"
        let url = ["--url", "https://a1b2c3.lambda-url.us-east-1.on.aws/"]
        let environment = ["COMFY_LAMBDA_TOKEN": key]
        #expect(try Self.authorization(url, environment) == .init(key: key))
        let both = try Self.authorization(url + ["--sign", "us-east-1"], environment)
        #expect(both == .init(signature: .init(service: "lambda", region: "us-east-1"), key: key))
        let own = ["--url", "https://pictures.example.org", "--sign", "eu-west-1"]
        #expect(
            try Self.authorization(own, environment)
                == .init(signature: .init(service: "execute-api", region: "eu-west-1"), key: key))
        // What refreshes a session is no key.
        #expect(try Self.authorization(url, ["COMFY_LAMBDA_TOKEN": "comfyr_x"]) == .token("comfyr_x"))
    }
}
