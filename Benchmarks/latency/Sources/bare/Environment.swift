import Glibc

/// What the process was started with.
enum Environment {
    /// AWS's variables.
    static var variables: [String: String] {
        var variables: [String: String] = [:]
        for name in ["AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            variables[name] = unsafe getenv(name).map { unsafe String(cString: $0) }
        }
        return variables
    }

    /// Who started it waits for each line.
    static func flush() { unsafe fflush(nil) }
}
