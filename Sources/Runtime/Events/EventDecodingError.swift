/// What was wrong with an event.
public struct EventDecodingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault.
    public enum Kind: Sendable, Hashable {
        /// Not JSON at all: Lambda cuts an event that is too long.
        case notJSON
        /// JSON of no event shape known here.
        case unknownShape
        /// A member that the shape demands is not there.
        case missing
        /// A member of another type than the shape's.
        case wrongType
        /// `isBase64Encoded` says so, and the body is none.
        case badBase64
    }
    /// For a program.
    public var kind: Kind
    /// For a person: which member, and what is expected there.
    public var description: String
    /// How an HTTP event's front end wants its answer, so that even a fault of the client's can be answered; nil for other events.
    public var httpFormat: HTTPEventFormat?
}
