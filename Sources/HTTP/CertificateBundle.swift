import Glibc

/// Where the certificates of trusted authorities are: a PEM file. libcurl's own default is where it was built for,
/// which a static program carries to systems that keep the file elsewhere, and it does not read `SSL_CERT_FILE`.
enum CertificateBundle {
    /// Debian, Amazon Linux and Fedora, SUSE, Alpine, RHEL 7.
    static let knownPlaces = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    ]

    /// The file that a variable names, there or not (a wrong setting must not be passed over), else the first known
    /// place that can be read. nil leaves libcurl's own default.
    static func path(
        environment: (String) -> String? = environmentVariable,
        isReadable: (String) -> Bool = { unsafe access($0, R_OK) == 0 }
    ) -> String? {
        environment("AWS_CA_BUNDLE") ?? environment("SSL_CERT_FILE") ?? knownPlaces.first(where: isReadable)
    }
}
