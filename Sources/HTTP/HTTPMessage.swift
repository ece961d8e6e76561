/// A request method (RFC 9110 §9), upper case.
public struct HTTPMethod: RawRepresentable, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let get = HTTPMethod(rawValue: "GET")
    public static let head = HTTPMethod(rawValue: "HEAD")
    public static let post = HTTPMethod(rawValue: "POST")
    public static let put = HTTPMethod(rawValue: "PUT")
    public static let delete = HTTPMethod(rawValue: "DELETE")
    public static let patch = HTTPMethod(rawValue: "PATCH")
    public static let options = HTTPMethod(rawValue: "OPTIONS")
}

/// Header fields in the order written; names compare without case.
public struct HTTPHeaders: Sendable, Hashable, Sequence, ExpressibleByDictionaryLiteral {
    public typealias Element = (name: String, value: String)
    public init() { fatalError("stub") }
    public init(dictionaryLiteral elements: (String, String)...) { fatalError("stub") }
    /// The values of one name joined by ", " (RFC 9110 §5.3); setting replaces them all, nil removes them.
    public subscript(name: String) -> String? { get { fatalError("stub") } set { fatalError("stub") } }
    public func values(_ name: String) -> [String] { fatalError("stub") }
    public mutating func add(_ name: String, _ value: String) { fatalError("stub") }
    public var count: Int { fatalError("stub") }
    public func makeIterator() -> IndexingIterator<[Element]> { fatalError("stub") }
    public static func == (a: HTTPHeaders, b: HTTPHeaders) -> Bool { fatalError("stub") }
    public func hash(into hasher: inout Hasher) { fatalError("stub") }
}
