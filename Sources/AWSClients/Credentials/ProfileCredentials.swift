import HTTP

/// A profile of the shared files, whatever it asks for: keys of its own, a role assumed with another's credentials or
/// with a token, or a program to be run
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html).
struct ProfileCredentials: CredentialSource {
    let context: CredentialContext
    let name = "profile"

    func look() async throws(AWSError) -> CredentialLookup {
        let shared = SharedConfiguration(environment: context.environment)
        guard shared.profiles[shared.profileName] != nil else {
            let reason = Self.missing(shared.profileName, shared)
            if shared.isProfileAskedFor { throw .noCredentials(reason) }
            return .passed(because: reason)
        }
        if let credentials = try await credentials(of: shared.profileName, shared, []) {
            return .found(credentials)
        }
        return .passed(
            because:
                "profile \(shared.profileName) has no aws_access_key_id with aws_secret_access_key, no role_arn "
                + "and no credential_process")
    }

    /// nil when the profile says nothing of credentials. `visited` are the profiles that lead here.
    private func credentials(
        of name: String, _ shared: SharedConfiguration, _ visited: [String]
    ) async throws(AWSError) -> Credentials? {
        guard let settings = shared.profiles[name] else {
            throw .noCredentials(Self.missing(name, shared))
        }
        let keys = Self.keys(settings)
        // The keys of a profile that another one builds on are what it is there for, even beside a role.
        if !visited.isEmpty, let keys { return keys }
        if let role = settings.nonEmpty("role_arn") {
            return try await assume(role, name, settings, shared, visited)
        }
        if let keys { return keys }
        if settings.keys.contains(where: { $0.hasPrefix("sso_") }) {
            throw .noCredentials(
                "profile \(name) signs in through SSO, which is not supported; "
                    + "`aws configure export-credentials --profile \(name) --format env` gives variables that are"
            )
        }
        if let command = settings.nonEmpty("credential_process") {
            return try await ProcessCredentials(
                command: command, environment: context.environment, clock: context.clock,
                loop: context.http.loop
            ).credentials()
        }
        return nil
    }

    private func assume(
        _ role: String, _ name: String, _ settings: [String: String], _ shared: SharedConfiguration,
        _ visited: [String]
    ) async throws(AWSError) -> Credentials {
        let session = settings.nonEmpty("role_session_name") ?? WebIdentityCredentials.defaultSessionName
        if let file = settings.nonEmpty("web_identity_token_file") {
            return try await WebIdentityCredentials.assume(
                .init(roleARN: role, tokenFile: file, sessionName: session), context.sts(as: nil))
        }
        if settings.nonEmpty("mfa_serial") != nil {
            throw .noCredentials("profile \(name) asks for an MFA code, which nobody is here to type")
        }
        var duration: Duration?
        if let text = settings.nonEmpty("duration_seconds") {
            guard let seconds = Int(text), (900...43_200).contains(seconds) else {
                throw .noCredentials(
                    "duration_seconds of profile \(name) is \"\(text)\"; expected 900 to 43200")
            }
            duration = .seconds(seconds)
        }
        let source: Credentials
        switch (settings.nonEmpty("source_profile"), settings.nonEmpty("credential_source")) {
        case (let profile?, nil):
            source = try await self.source(profile, of: name, shared, visited + [name])
        case (nil, let place?): source = try await self.source(in: place, of: name)
        case (_?, _?):
            throw .noCredentials(
                "profile \(name) has both source_profile and credential_source; expected one")
        case (nil, nil):
            throw .noCredentials("profile \(name) has role_arn without source_profile or credential_source")
        }
        do throws(AWSError) {
            return try await context.sts(as: source).assumeRole(
                role, sessionName: session, externalID: settings.nonEmpty("external_id"), duration: duration)
        } catch {
            throw .roleNotAssumed(role, error)
        }
    }

    private func source(
        _ profile: String, of name: String, _ shared: SharedConfiguration, _ visited: [String]
    ) async throws(AWSError) -> Credentials {
        // A profile may be its own source, if it has keys.
        if visited.contains(profile), profile != name || Self.keys(shared.profiles[profile] ?? [:]) == nil {
            let way = (visited + [profile]).joined(separator: " → ")
            throw .noCredentials("the source_profile settings go round in a circle: \(way)")
        }
        guard let credentials = try await credentials(of: profile, shared, visited) else {
            throw .noCredentials("profile \(profile), the source of \(name), has no credentials")
        }
        return credentials
    }

    private func source(in place: String, of name: String) async throws(AWSError) -> Credentials {
        let source: any CredentialSource
        switch place {
        case "Environment": source = EnvironmentCredentials(environment: context.environment)
        case "EcsContainer":
            source = ContainerCredentials(environment: context.environment, http: context.http)
        case "Ec2InstanceMetadata":
            source = InstanceCredentials(environment: context.environment, http: context.http)
        default:
            throw .noCredentials(
                "credential_source of profile \(name) is \"\(place)\"; expected Environment, EcsContainer or "
                    + "Ec2InstanceMetadata")
        }
        switch try await source.look() {
        case .found(let credentials): return credentials
        case .passed(let reason):
            throw .noCredentials("credential_source \(place) of profile \(name) has none: \(reason)")
        }
    }

    private static func keys(_ settings: [String: String]) -> Credentials? {
        guard let id = settings.nonEmpty("aws_access_key_id"),
            let secret = settings.nonEmpty("aws_secret_access_key")
        else { return nil }
        return Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: settings.nonEmpty("aws_session_token"))
    }

    private static func missing(_ profile: String, _ shared: SharedConfiguration) -> String {
        "no profile \(profile) in "
            + (shared.paths.isEmpty ? "any file" : shared.paths.joined(separator: " or "))
    }
}
