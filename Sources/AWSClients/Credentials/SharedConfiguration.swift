/// The two files that all AWS tools share, `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, read as one
/// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html). Of a setting that is in both, the credentials
/// file's counts. Files that are not there are empty.
struct SharedConfiguration: Sendable {
    /// `AWS_PROFILE`, else `default`.
    let profileName: String
    /// A profile asked for by name and not found is a mistake, not an absence.
    let isProfileAskedFor: Bool
    /// Where was looked.
    let paths: [String]
    private(set) var profiles: [String: [String: String]] = [:]
    /// Of the `[services]` section that the profile names: settings by the service's name in lower case.
    private(set) var services: [String: [String: String]] = [:]

    static let limit = 1 << 20

    init(environment: [String: String]) {
        let asked = environment.nonEmpty("AWS_PROFILE")
        profileName = asked ?? "default"
        isProfileAskedFor = asked != nil
        let home = environment.nonEmpty("HOME")
        paths = [
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config"),
        ].compactMap { variable, file in
            environment.nonEmpty(variable) ?? home.map { "\($0)/.aws/\(file)" }
        }
        var services: [String: [String: [String: String]]] = [:]
        for path in paths {
            guard let bytes = FileContents.read(path, limit: Self.limit) else { continue }
            let file = ProfileFile(String(decoding: bytes, as: UTF8.self))
            for (name, settings) in file.profiles {
                profiles[name] = (profiles[name] ?? [:]).merging(settings) { first, _ in first }
            }
            services.merge(file.services) { first, _ in first }
        }
        if let section = setting("services") { self.services = services[section] ?? [:] }
    }

    /// A setting of the profile; an empty one is unset.
    func setting(_ name: String) -> String? { profiles[profileName]?.nonEmpty(name) }
}
