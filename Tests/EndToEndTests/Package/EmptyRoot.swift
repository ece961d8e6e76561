import Glibc
import TestSupport
import Testing

/// A root directory with the packaged program, /proc and /dev/urandom, and nothing else but the files it is given.
///
/// It is entered by a mount namespace of its own, which takes root's rights, or the system's leave for users to have
/// namespaces. Where neither is given, `isPermitted` is false.
struct EmptyRoot: Sendable {
    private let folder: TemporaryFolder
    /// A program that runs `bootstrap` there, with the variables it gets itself.
    let program: String

    /// - Parameter files: contents by absolute path.
    init(files: [String: [UInt8]] = [:], hasRandomDevice: Bool = true) throws {
        folder = try TemporaryFolder()
        let root = folder.path + "/root"
        for name in ["", "/proc", "/dev"] { unsafe mkdir(root + name, 0o755) }
        try folder.write("root/bootstrap", [])
        if hasRandomDevice { try folder.write("root/dev/urandom", []) }
        for (path, bytes) in files {
            var parent = root
            for part in path.split(separator: "/").dropLast() {
                parent += "/" + part
                unsafe mkdir(parent, 0o755)
            }
            try folder.write("root" + path, bytes)
        }
        let script = """
            #!/bin/sh
            PATH=/usr/sbin:/usr/bin:/sbin:/bin exec \(Self.namespace.joined(separator: " ")) sh -ec '
            mount --rbind /proc "$0/proc"
            mount --bind "\(Program.bootstrap)" "$0/bootstrap"
            \(hasRandomDevice ? #"mount --bind /dev/urandom "$0/dev/urandom""# : "")
            exec chroot "$0" /bootstrap' \(root)

            """
        program = try folder.write("enter", Array(script.utf8))
        unsafe chmod(program, 0o755)
    }

    /// For users other than root, one in which they are root.
    private static let namespace = ["unshare", "--mount"] + (getuid() == 0 ? [] : ["--map-root-user"])

    /// The command that gives a program a network of its own, with nothing but an idle loopback in it.
    static let ownNetwork = namespace + ["--net"]

    /// Whether this user may do all that.
    static func isPermitted() async throws -> Bool {
        let folder = try TemporaryFolder()
        let probe = ownNetwork + ["mount", "--bind", "/dev", folder.path]
        return try await ChildProcess(probe[0], Array(probe.dropFirst())).exit() == 0
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that go into an `EmptyRoot`.
    static var ifMountingIsPermitted: Self {
        .enabled("mounting takes root's rights, or user namespaces") { try await EmptyRoot.isPermitted() }
    }
}
