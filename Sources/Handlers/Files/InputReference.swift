import Crypto
import HTTP

/// What an input that takes an upload may name: a file of the job's user, an address, or the picture itself.
enum InputReference: Sendable {
    /// `file:<id>`.
    case file(UUID)
    /// https, or http where that is trusted.
    case address(URL)
    /// A `data:` URI, not looked at yet.
    case data

    /// nil for a text that is none of these.
    init?(_ text: String) {
        if text.hasPrefix("file:"), let id = UUID(String(text.dropFirst("file:".count))) {
            self = .file(id)
        } else if text.hasPrefix("https://") || text.hasPrefix("http://"), text.utf8.count <= 2048,
            let url = URL(text)
        {
            self = .address(url)
        } else if text.utf8.starts(with: "data:".utf8) {
            self = .data
        } else {
            return nil
        }
    }
}
