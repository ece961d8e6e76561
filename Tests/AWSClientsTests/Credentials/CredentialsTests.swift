import HTTP
import TestSupport
import Testing
import Time

@testable import AWSClients

/// A source that answers as told.
private struct FixedSource: CredentialSource {
    let name: String
    let lookup: CredentialLookup
    func look() async throws(AWSError) -> CredentialLookup { lookup }
}

@Suite struct EnvironmentCredentialsTests {
    @Test func takesThemFromTheVariables() async throws {
        let source = EnvironmentCredentials(environment: [
            "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
        ])
        guard case .found(let credentials) = try await source.look() else {
            Issue.record("nothing found")
            return
        }
        #expect(credentials == Credentials(accessKeyID: "id", secretAccessKey: "secret"))
    }

    @Test(arguments: [
        ["AWS_ACCESS_KEY_ID": "id"], ["AWS_SECRET_ACCESS_KEY": "hush"],
        ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": ""],
    ])
    func halfAPairIsAMistake(_ environment: [String: String]) async {
        let error = await #expect(throws: AWSError.self) {
            try await EnvironmentCredentials(environment: environment).look()
        }
        #expect(error?.code == .noCredentials)
        #expect(error?.message.contains("hush") == false)
    }
}

@Suite struct CredentialChainTests {
    private let credentials = Credentials(accessKeyID: "id", secretAccessKey: "secret")

    @Test func theFirstThatHasThemWins() async throws {
        let chain = CredentialChain(sources: [
            FixedSource(name: "one", lookup: .passed(because: "none")),
            FixedSource(name: "two", lookup: .found(credentials)),
            FixedSource(name: "three", lookup: .found(Credentials(accessKeyID: "x", secretAccessKey: "y"))),
        ])
        #expect(try await chain.credentials() == credentials)
    }

    @Test func whoeverPassedIsNamed() async {
        let chain = CredentialChain(sources: [
            FixedSource(name: "one", lookup: .passed(because: "is not set")),
            FixedSource(name: "two", lookup: .passed(because: "has no file")),
        ])
        let error = await #expect(throws: AWSError.self) { try await chain.credentials() }
        #expect(error?.code == .noCredentials)
        #expect(error?.message == "one: is not set; two: has no file")
    }

    @Test func aBrokenSourceEndsTheChain() async {
        let chain = CredentialChain(sources: [
            FixedSource(name: "one", lookup: .passed(because: "is not set")),
            EnvironmentCredentials(environment: ["AWS_ACCESS_KEY_ID": "id"]),
            FixedSource(name: "three", lookup: .found(credentials)),
        ])
        let error = await #expect(throws: AWSError.self) { try await chain.credentials() }
        #expect(
            error?.message
                == "one: is not set; environment: AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not")
    }

    @Test func aSecretIsNotPrinted() {
        let credentials = Credentials(accessKeyID: "id", secretAccessKey: "hush", sessionToken: "hush")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), "\([credentials])", dumped] {
            #expect(!text.contains("hush"))
        }
    }
}
