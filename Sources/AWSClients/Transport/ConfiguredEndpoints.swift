import HTTP

/// The addresses that environment and profile put in the place of AWS's own
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
struct ConfiguredEndpoints: Sendable {
    /// Nothing is configured.
    static let none = ConfiguredEndpoints()

    private var variables: [String: URL] = [:]
    private var variable: URL?
    private var profileServices: [String: URL] = [:]
    private var profile: URL?

    private init() {}

    /// Reads them all, so that a malformed one is an error at once and not at the first call. Throws `invalidInput`.
    init(environment: [String: String], shared: SharedConfiguration) throws(AWSError) {
        let isIgnored =
            environment.nonEmpty("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
            ?? shared.setting("ignore_configured_endpoint_urls")
        if isIgnored?.lowercased() == "true" { return }
        variable = try Self.address(environment.nonEmpty("AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL")
        let prefix = "AWS_ENDPOINT_URL_"
        for name in environment.keys where name.hasPrefix(prefix) {
            variables[String(name.dropFirst(prefix.count))] =
                try Self.address(environment.nonEmpty(name), name)
        }
        let owner = "profile \(shared.profileName)"
        profile = try Self.address(shared.setting("endpoint_url"), "endpoint_url of \(owner)")
        for (service, settings) in shared.services {
            profileServices[service] =
                try Self.address(settings.nonEmpty("endpoint_url"), "endpoint_url of \(service) of \(owner)")
        }
    }

    /// A service's own variable, then the one for all; then the same two of the profile. nil when none is set.
    func url(for service: Service) -> URL? {
        variables[service.variable] ?? variable ?? profileServices[service.variable.lowercased()] ?? profile
    }

    private static func address(_ text: String?, _ name: String) throws(AWSError) -> URL? {
        guard let text else { return nil }
        guard let url = URL(text), ["http", "https"].contains(url.scheme), url.query == nil else {
            throw .setting(name, text, "an http or https address without a query")
        }
        return url
    }
}
