/// An `Accept-Encoding` header (RFC 9110 §12.5.3).
struct AcceptEncoding: Sendable, Hashable {
    private let weights: [String: Double]

    /// nil = the header is absent.
    init(_ header: String?) {
        var weights: [String: Double] = [:]
        for element in (header ?? "").split(separator: ",") {
            var parts = element.split(separator: ";").map(HeaderText.trimmed)
            if parts.isEmpty { continue }
            let coding = parts.removeFirst().lowercased()
            var weight = 1.0
            for part in parts where part.lowercased().hasPrefix("q=") {
                // A weight nobody can read wants nothing.
                weight = Double(part.dropFirst(2)).flatMap { (0...1).contains($0) ? $0 : nil } ?? 0
            }
            weights[coding == "x-gzip" ? "gzip" : coding] = weight
        }
        self.weights = weights
    }

    /// Whether the client takes gzip, and not rather no coding at all.
    var prefersGzip: Bool {
        let gzip = weights["gzip"] ?? weights["*"] ?? 0
        return gzip > 0 && gzip >= weights["identity"] ?? 0
    }
}
