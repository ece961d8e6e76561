import AWSClients
import Crypto

/// Where the configuration comes from: the environment, in which a value may be `ssm:NAME`, a parameter of Systems
/// Manager, or `secret:ARN`, a secret of Secrets Manager.
struct ConfigurationSource: Sendable {
    private let environment: [String: String]
    /// Names and what they refer to. AWS's own variables are never looked up: the clients need them first. Neither is the
    /// workers' authorization, which is looked up when it is sent, as it may change while a job runs.
    private let references: [(variable: String, reference: String)]
    private let ssm: SSM
    private let secrets: SecretsManager

    /// Nothing is called yet. What is fetched is kept for 60 s.
    init(_ environment: [String: String], aws: AWSClient) {
        self.environment = environment
        references = environment.filter { name, value in
            !name.hasPrefix("AWS") && name != Self.workerAuthorization
                && (value.hasPrefix("ssm:") || value.hasPrefix("secret:"))
        }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        ssm = SSM(aws)
        secrets = SecretsManager(aws)
    }

    private static let workerAuthorization = "COMFYUI_AUTHORIZATION"

    /// What the workers' authorization refers to is looked up when it is sent. That it can be, and is a header's value, is
    /// found out before: else every job would fail, one after the other, as if the workers did not answer.
    func checkWorkerAuthorization() async throws(Configuration.Invalid) {
        let variable = Self.workerAuthorization
        guard let text = environment[variable], let authorization = WorkerAuthorization(text) else { return }
        do {
            _ = try await authorization.value(ssm: ssm, secrets: secrets)
        } catch {
            throw Configuration.Invalid(
                variable: variable,
                found: authorization.isReference ? text : "a value of \(text.utf8.count) bytes",
                expected: "a header's value, or a reference that can be read: \(error)")
        }
    }

    /// Whether a value can change at all.
    var hasReferences: Bool { !references.isEmpty }

    /// The variables as they are now, with what they refer to in its place.
    func values() async throws(Configuration.Invalid) -> [String: String] {
        var values = environment
        for (variable, reference) in references {
            do throws(AWSError) {
                values[variable] = try await value(of: reference)
            } catch {
                throw Configuration.Invalid(
                    variable: variable, found: reference, expected: "a value that can be read: \(error)")
            }
        }
        return values
    }

    /// The configuration of these values. A fault in one that was referred to shows the reference: the value may be
    /// secret.
    func configuration(_ values: [String: String]) throws(Configuration.Invalid) -> Configuration {
        do throws(Configuration.Invalid) {
            return try Configuration(environment: values)
        } catch {
            let reference = references.first { $0.variable == error.variable }?.reference
            throw Configuration.Invalid(
                variable: error.variable, found: reference ?? error.found, expected: error.expected)
        }
    }

    private func value(of reference: String) async throws(AWSError) -> String {
        if reference.hasPrefix("ssm:") { return try await ssm.parameter(String(reference.dropFirst(4))) }
        let secret = try await secrets.value(of: String(reference.dropFirst("secret:".count)))
        return secret.withBytes { bytes in
            String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        }
    }
}
