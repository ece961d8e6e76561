extension JSON {
    /// Why bytes are not JSON, and where.
    public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
        /// What was wrong, without the input's own text: it may be secret.
        public let message: String
        /// How many bytes stand before the mistake.
        public let offset: Int
        /// What and where in one sentence.
        public var description: String { "\(message) at byte \(offset)" }
    }
}
