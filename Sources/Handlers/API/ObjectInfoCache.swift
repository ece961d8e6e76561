import ComfyUI
import JSON
import Telemetry
import Time

/// The workers' digest as this environment last read it: large, rarely changed, and wanted by every submission.
actor ObjectInfoCache {
    private let fetch: @Sendable () async throws -> ObjectInfoDigest?
    private let clock: @Sendable () -> Timestamp
    private var digest: ObjectInfoDigest?
    private var freshUntil: Timestamp?

    /// How long a digest is used before it is read again.
    static let lifetime: Duration = .seconds(60)

    init(
        clock: @escaping @Sendable () -> Timestamp,
        fetch: @escaping @Sendable () async throws -> ObjectInfoDigest?
    ) {
        self.clock = clock
        self.fetch = fetch
    }

    /// nil while none is known. A failed read keeps the old one: the checks against it are a service, the worker decides.
    func current() async -> ObjectInfoDigest? {
        if let freshUntil, clock() < freshUntil { return digest }
        // Set first, so that one caller reads; those who come meanwhile make do with what is known.
        freshUntil = clock() + Self.lifetime
        do {
            digest = try await fetch()
        } catch {
            Log.warn("the workers' node lists cannot be read", ["error": .string("\(error)")])
        }
        return digest
    }
}
