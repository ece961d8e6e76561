import AWSClients
import HTTP
import Time

/// Where an output can be fetched.
struct OutputAddress: Sendable, Hashable {
    var url: String
    /// nil for an address that does not expire.
    var expires: Timestamp?
}

/// Makes the addresses: presigned ones, or those of a distribution in front of the bucket.
struct OutputAddresses: Sendable {
    let services: Services

    func address(of output: Job.Output) async throws(AWSError) -> OutputAddress {
        let configuration = services.configuration
        if let base = configuration.outputBaseURL {
            return OutputAddress(url: Self.join(base, output.key))
        }
        let presigned = try await services.s3.presignGet(
            bucket: configuration.bucket, key: output.key, expiresIn: configuration.urlLifetime,
            responseHeaders: Self.responseHeaders(for: output))
        return OutputAddress(url: presigned.url, expires: presigned.expires)
    }

    static func join(_ base: URL, _ key: String) -> String {
        let text = "\(base)"
        let encoded = URL.percentEncode(key, keepingSlashes: true)
        return text.hasSuffix("/") ? text + encoded : "\(text)/\(encoded)"
    }

    /// Only what a browser merely shows may open in it; anything that could run there is saved instead.
    static func responseHeaders(for output: Job.Output) -> [String: String] {
        let type = output.contentType
        let isShown =
            ["image/", "video/", "audio/"].contains { type.hasPrefix($0) }
            // SVG carries scripts.
            && !type.hasPrefix("image/svg")
        if isShown { return [:] }
        // The key's last part is our own; the worker's file name is not to be trusted in a header.
        let name = output.key.split(separator: "/").last ?? "output"
        return ["response-content-disposition": #"attachment; filename="\#(name)""#]
    }
}
