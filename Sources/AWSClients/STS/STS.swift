import Time

/// STS (query protocol, version 2011-06-15), always the region's own endpoint.
public struct STS: Sendable {
    /// Whose credentials sign.
    public struct Identity: Sendable, Hashable {
        /// Twelve digits.
        public var account: String
        /// `arn:aws:sts::123456789012:assumed-role/name/session`.
        public var arn: String
        /// The unique id of the user or role.
        public var userID: String
    }

    let client: AWSClient

    /// Calls through a client.
    public init(_ client: AWSClient) { self.client = client }

    /// The account and name behind the client's credentials; needs no permission.
    public func callerIdentity() async throws(AWSError) -> Identity {
        let operation = Operation(.sts, "GetCallerIdentity")
        return try await client.query(Self.form(operation)) { result throws(AWSError) in
            guard let account = result["Account"]?.text, let arn = result["Arn"]?.text,
                let userID = result["UserId"]?.text
            else { throw operation.malformed("the answer has no Account, Arn or UserId") }
            return Identity(account: account, arn: arn, userID: userID)
        }
    }

    /// Temporary credentials of another role. `duration`: whole seconds, 15 min to 12 h, at most what the role allows;
    /// nil is one hour. `sessionName`: 2 to 64 of `A-Za-z0-9_=,.@-`, seen in CloudTrail.
    public func assumeRole(
        _ arn: String, sessionName: String, externalID: String? = nil, duration: Duration? = nil
    ) async throws(AWSError) -> Credentials {
        let operation = Operation(.sts, "AssumeRole")
        var form = try Self.form(operation, role: arn, sessionName, duration)
        form["ExternalId"] = externalID
        return try await client.query(form) { result throws(AWSError) in
            try Self.credentials(result, operation)
        }
    }

    /// The same for whoever holds a token of an identity provider that the role trusts. Sent unsigned: the client needs
    /// no credentials.
    public func assumeRole(
        _ arn: String, sessionName: String, webIdentityToken: String, duration: Duration? = nil
    ) async throws(AWSError) -> Credentials {
        let operation = Operation(.sts, "AssumeRoleWithWebIdentity")
        var form = try Self.form(operation, role: arn, sessionName, duration)
        form["WebIdentityToken"] = webIdentityToken
        return try await client.query(form, isSigned: false) { result throws(AWSError) in
            try Self.credentials(result, operation)
        }
    }

    private static func form(_ operation: Operation) -> QueryForm {
        QueryForm(operation, version: "2011-06-15")
    }

    private static func form(
        _ operation: Operation, role: String, _ sessionName: String, _ duration: Duration?
    ) throws(AWSError) -> QueryForm {
        guard (20...2048).contains(role.utf8.count), role.hasPrefix("arn:") else {
            throw operation.invalid("the role \"\(role.prefix(80))\" is no ARN")
        }
        guard (2...64).contains(sessionName.utf8.count), sessionName.utf8.allSatisfy(isSessionName) else {
            throw operation.invalid("a session name of other than 2 to 64 letters, digits or _=,.@-")
        }
        var form = form(operation)
        form["RoleArn"] = role
        form["RoleSessionName"] = sessionName
        if let duration {
            guard duration >= .seconds(900), duration <= .seconds(43_200) else {
                throw operation.invalid("a duration of \(duration); 900 to 43,200 s are allowed")
            }
            form["DurationSeconds"] = "\(duration.components.seconds)"
        }
        return form
    }

    private static func isSessionName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "_=,.@-".utf8.contains(byte)
        }
    }

    private static func credentials(
        _ result: XMLElement, _ operation: Operation
    ) throws(AWSError) -> Credentials {
        guard let element = result["Credentials"], let id = element["AccessKeyId"]?.text,
            let secret = element["SecretAccessKey"]?.text, let token = element["SessionToken"]?.text,
            !id.isEmpty, !secret.isEmpty, !token.isEmpty,
            let expiration = (element["Expiration"]?.text).flatMap({ Timestamp(rfc3339: $0) })
        else { throw operation.malformed("the answer has no whole Credentials") }
        return Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: token, expiration: expiration)
    }
}
