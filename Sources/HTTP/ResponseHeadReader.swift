/// Puts the lines of a response's head together.
struct ResponseHeadReader {
    private static let limit = 256 << 10

    /// The head as far as it has come; the last one when an earlier one only announced it.
    private(set) var head: HTTPClient.ResponseHead?
    /// Whether no other head will follow.
    private(set) var isComplete = false
    private var size = 0
    private let known: KnownTexts

    init(_ known: KnownTexts = .none) { self.known = known }

    /// What a line meant.
    enum Progress {
        /// Nothing yet.
        case more
        /// The head is there.
        case complete
        /// It is over 256 KB.
        case tooLarge
    }

    mutating func read(_ line: borrowing Span<UInt8>) -> Progress {
        size += line.count
        if size > Self.limit { return .tooLarge }
        // Trailers come here too, after the body; nobody needs them.
        if isComplete { return .more }
        switch ResponseHeadLine(line, known) {
        case .status(let status):
            head = HTTPClient.ResponseHead(status: status, headers: HTTPHeaders(capacity: 8))
        case .field(let name, let value): head?.headers.add(name, value)
        case .malformed: break
        case .end:
            // 100 and 103 announce another head; 101 is the last one there is.
            guard let head, head.status >= 200 || head.status == 101 else { return .more }
            isComplete = true
            return .complete
        }
        return .more
    }
}
