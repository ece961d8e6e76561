import Crypto
import HTTP
import TestSupport
import Time

@testable import AWSClients

/// A machine as the credential chain sees it: variables, files, and a strict server that plays STS.
struct CredentialSetting {
    let folder: TemporaryFolder
    let server: StrictServer
    var environment: [String: String] = [:]

    /// What STS answers, in the order it is asked.
    init(config: String = "", credentials: String = "", sts: [Credentials] = []) throws {
        folder = try TemporaryFolder()
        environment = [
            "AWS_CONFIG_FILE": try folder.write("config", Array(config.utf8)),
            "AWS_SHARED_CREDENTIALS_FILE": try folder.write("credentials", Array(credentials.utf8)),
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
        let answers = sts.map(Self.document)
        server = try StrictServer(accounts: [StrictServer.credentials] + sts, acceptsUnsigned: true) {
            request, number in
            number < answers.count
                ? .answer(200, [:], Self.envelope(request.form["Action"] ?? "?", answers[number]))
                : .answer(500)
        }
    }

    var context: CredentialContext {
        get throws {
            CredentialContext(
                configuration: try server.configuration { $0.environment = environment },
                http: TestLoop.http, clock: FakeClock().clock)
        }
    }

    /// The form of STS's documentation
    /// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Examples).
    static func envelope(_ action: String, _ result: String) -> String {
        """
        <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result>\(result)\
        </\(action)Result><ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>\
        </ResponseMetadata></\(action)Response>
        """
    }

    private static func document(_ credentials: Credentials) -> String {
        """
        <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/demo/x</Arn>\
        <AssumedRoleId>ARO123:x</AssumedRoleId></AssumedRoleUser>
        <Credentials><AccessKeyId>\(credentials.accessKeyID)</AccessKeyId>\
        <SecretAccessKey>\(text(credentials.secretAccessKey))</SecretAccessKey>\
        <SessionToken>\(credentials.sessionToken ?? "")</SessionToken>\
        <Expiration>\(credentials.expiration?.rfc3339 ?? "")</Expiration></Credentials>
        """
    }
}

/// A secret's text.
func text(_ secret: Secret) -> String {
    secret.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
}

extension Credentials {
    /// Temporary ones, good for an hour.
    static func session(_ id: String) -> Credentials {
        Credentials(
            accessKeyID: id, secretAccessKey: "secret of \(id)", sessionToken: "token of \(id)",
            // Whole seconds: STS gives no more.
            expiration: Timestamp(milliseconds: (Timestamp.now.milliseconds / 1000 + 3600) * 1000))
    }
}
