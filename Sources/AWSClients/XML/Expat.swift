internal import CExpat

/// The XML library that the program is linked with.
public enum Expat {
    /// Its own version, such as `2.5.0`.
    public static var version: String {
        let version = XML_ExpatVersionInfo()
        return "\(version.major).\(version.minor).\(version.micro)"
    }
}
