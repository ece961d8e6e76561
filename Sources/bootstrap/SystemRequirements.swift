import Glibc
import LambdaRuntime

/// What must be there before the function may serve.
enum SystemRequirements {
    /// c-ares, which resolves names in the packaged program, takes the ids of its queries from this device. Without it
    /// they would be predictable, and answers could be forged, with no sign of it.
    private static let randomDevice = "/dev/urandom"

    /// - Throws: `Runtime.MissingRandomness` when there is no such device that can be read.
    static func check() throws(FunctionError) {
        var status = stat()
        guard unsafe stat(randomDevice, &status) == 0, status.st_mode & S_IFMT == S_IFCHR,
            unsafe access(randomDevice, R_OK) == 0
        else {
            throw FunctionError(
                type: "Runtime.MissingRandomness",
                message:
                    "\(randomDevice) is no device that can be read: without it DNS answers could be forged")
        }
    }
}
