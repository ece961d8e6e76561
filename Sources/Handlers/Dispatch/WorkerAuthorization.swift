import AWSClients
import Crypto

/// The `Authorization` header of a worker: the value itself, or `secret:ARN` or `ssm:NAME` that has it. Never shown.
struct WorkerAuthorization: Sendable, Hashable, CustomStringConvertible {
    private let text: String

    /// nil for an empty text, which stands for no header.
    init?(_ text: String) {
        if text.isEmpty { return nil }
        self.text = text
    }

    var description: String { "…" }

    /// Whether the value is elsewhere.
    var isReference: Bool { text.hasPrefix("ssm:") || text.hasPrefix("secret:") }

    /// It is not one line of visible characters, which would end the header early.
    struct Malformed: Error, CustomStringConvertible {
        let description = "the worker's authorization is not one line of at most 4096 visible characters"
    }

    /// The header's value now.
    func value(ssm: SSM, secrets: SecretsManager) async throws -> String {
        if text.hasPrefix("ssm:") {
            return try Self.checked(try await ssm.parameter(String(text.dropFirst("ssm:".count))))
        }
        guard text.hasPrefix("secret:") else { return try Self.checked(text) }
        let secret = try await secrets.value(of: String(text.dropFirst("secret:".count)))
        return try Self.checked(
            secret.withBytes { bytes in
                String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
            })
    }

    /// A secret made with an editor ends with a line break.
    private static func checked(_ text: String) throws(Malformed) -> String {
        guard let end = text.utf8.lastIndex(where: { $0 > 0x20 }) else { throw Malformed() }
        let value = text[...end]
        guard value.utf8.count <= 4096, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Malformed()
        }
        return String(value)
    }
}
