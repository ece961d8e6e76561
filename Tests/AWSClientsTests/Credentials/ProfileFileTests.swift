import TestSupport
import Testing

@testable import AWSClients

@Suite struct ProfileFileTests {
    @Test func readsTheDialect() {
        let file = ProfileFile(
            """
            # comment
            [default]
            aws_access_key_id = AKID
            AWS_SECRET_ACCESS_KEY=a#b;c=d   # trailing comment
            s3 =
              max_concurrent_requests = 20
            [profile  other]
            aws_access_key_id=OTHER\t; comment
            [sso-session corp]
            aws_access_key_id = not a profile's
            broken line
            [services local]
            s3 =
              # comment
              Endpoint_URL = http://127.0.0.1:9000
            \tother = x
            dynamodb =
              endpoint_url = http://127.0.0.1:8000
            sqs = nothing nested
            [unclosed
            x = y
            """)
        #expect(
            file.profiles == [
                "default": ["aws_access_key_id": "AKID", "aws_secret_access_key": "a#b;c=d", "s3": ""],
                "other": ["aws_access_key_id": "OTHER"],
            ])
        #expect(
            file.services == [
                "local": [
                    "s3": ["endpoint_url": "http://127.0.0.1:9000", "other": "x"],
                    "dynamodb": ["endpoint_url": "http://127.0.0.1:8000"],
                ]
            ])
    }

    @Test(arguments: [
        "", "=", "[", "[]", "[profile]", "[a]\n=b", "[a]\n  = c", "\u{0}", "[services s]\n  x = y",
    ])
    func nonsenseIsNoHarm(_ text: String) {
        let file = ProfileFile(text)
        #expect(file.services.isEmpty)
        #expect(file.profiles["a"]?.keys.contains("b") != true)
    }
}

@Suite struct SharedConfigurationTests {
    @Test func theCredentialsFileGoesBeforeTheConfigFile() throws {
        let folder = try TemporaryFolder()
        let credentials = try folder.write("credentials", Array("[default]\na = 1\n".utf8))
        let config = try folder.write("config", Array("[default]\na = 2\nb = 3\nc =\n".utf8))
        let shared = SharedConfiguration(environment: [
            "AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials,
        ])
        #expect(shared.setting("a") == "1")
        #expect(shared.setting("b") == "3")
        #expect(shared.setting("c") == nil)
    }

    @Test func filesThatAreNotThereAreEmpty() {
        let shared = SharedConfiguration(environment: ["HOME": "/nonexistent"])
        #expect(shared.paths == ["/nonexistent/.aws/credentials", "/nonexistent/.aws/config"])
        #expect(shared.profiles.isEmpty)
        #expect(SharedConfiguration(environment: [:]).paths.isEmpty)
    }
}
