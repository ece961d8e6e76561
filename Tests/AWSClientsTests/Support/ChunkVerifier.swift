import Crypto

/// Undoes `aws-chunked` from the receiver's side: lengths, the signature of each chunk over the one before, the trailer
/// and its signature. Shares only the hash functions with the signer.
struct ChunkVerifier {
    let date: String
    let scope: String
    /// HMAC-SHA256 of a text under the signing key, in hexadecimal.
    let sign: (String) -> String
    /// The header `x-amz-content-sha256`.
    let mode: String

    private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private var isSigned: Bool { mode.hasPrefix("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") }
    private var hasTrailer: Bool { mode.hasSuffix("-TRAILER") }

    /// The body, and the trailer's fields.
    func decode(
        _ raw: [UInt8], seed: String
    ) throws(SignatureVerifier.Refusal) -> (body: [UInt8], trailer: [String: String]) {
        var (rest, previous, body) = (raw[...], seed, [UInt8]())
        while true {
            let line = try takeLine(&rest)
            let parts = line.split(separator: ";")
            guard let size = parts.first.flatMap({ Int($0, radix: 16) }), parts.count == (isSigned ? 2 : 1)
            else { throw refuse("a chunk has no header") }
            guard rest.count >= size else { throw refuse("a chunk is cut") }
            let data = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            if isSigned {
                let signature = String(parts[1].dropFirst("chunk-signature=".count))
                let text =
                    "AWS4-HMAC-SHA256-PAYLOAD\n\(date)\n\(scope)\n\(previous)\n\(Self.emptyHash)\n"
                    + Hex.encode(SHA256.hash(data))
                guard sign(text) == signature else {
                    throw SignatureVerifier.Refusal(
                        code: "SignatureDoesNotMatch", reason: "a chunk's signature does not match")
                }
                previous = signature
            }
            if size == 0 { break }
            body += data
            guard try takeLine(&rest).isEmpty else { throw refuse("a chunk is longer than its header says") }
        }
        let trailer = try takeTrailer(&rest, previous)
        guard rest.isEmpty else { throw refuse("something follows the last chunk") }
        return (body, trailer)
    }

    private func takeTrailer(
        _ rest: inout ArraySlice<UInt8>, _ previous: String
    ) throws(SignatureVerifier.Refusal) -> [String: String] {
        var fields: [String: String] = [:]
        var text = ""
        while true {
            let line = try takeLine(&rest)
            if line.isEmpty { break }
            let name = String(line.prefix { $0 != ":" })
            let value = String(line.dropFirst(name.count + 1))
            guard hasTrailer, fields[name] == nil else { throw refuse("an unexpected trailer") }
            fields[name] = value
            if name != "x-amz-trailer-signature" { text += "\(name):\(value)\n" }
        }
        if hasTrailer, isSigned {
            let hash = Hex.encode(SHA256.hash(Array(text.utf8)))
            let expected = sign("AWS4-HMAC-SHA256-TRAILER\n\(date)\n\(scope)\n\(previous)\n\(hash)")
            guard fields.removeValue(forKey: "x-amz-trailer-signature") == expected else {
                throw SignatureVerifier.Refusal(
                    code: "SignatureDoesNotMatch", reason: "the trailer's signature does not match")
            }
        }
        return fields
    }

    private func takeLine(_ rest: inout ArraySlice<UInt8>) throws(SignatureVerifier.Refusal) -> String {
        let line = rest.prefix { $0 != 0x0D }
        rest = rest.dropFirst(line.count)
        guard rest.starts(with: [0x0D, 0x0A]) else { throw refuse("a line does not end") }
        rest = rest.dropFirst(2)
        return String(decoding: line, as: UTF8.self)
    }

    private func refuse(_ reason: String) -> SignatureVerifier.Refusal {
        SignatureVerifier.Refusal(code: "IncompleteBody", reason: reason)
    }
}
