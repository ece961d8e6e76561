import Glibc

/// The value of one of the process's environment variables; nil when it is missing or empty, which shells and
/// containers use for one another.
func environmentVariable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
}
