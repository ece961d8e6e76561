extension JSON {
    /// An object's members in the order written; of duplicate keys the last wins.
    ///
    /// Keys are equal when their UTF-8 is, as for ComfyUI and AWS: "é" composed and "é" decomposed are two keys,
    /// though two equal Swift strings. Past a few members a lookup goes through a hash index, so that an object of many
    /// keys costs no more than linear time to build, whoever chose the keys.
    public struct Object: Sendable {
        /// A member.
        public typealias Element = (key: String, value: JSON)

        private var members: [Element] = []
        /// Where each key stands; nil while a linear search is cheaper.
        private var index: [ByteKey: Int]?

        /// Up to here a linear search is faster than hashing.
        private static let linearLimit = 16

        /// An object without members.
        public init() {}

        /// Of duplicate keys the last wins, in the place of the first.
        public init(_ elements: some Sequence<(String, JSON)>) {
            for (key, value) in elements { self[key] = value }
        }

        /// The member's value; setting keeps the member's place or appends, nil removes it.
        public subscript(key: String) -> JSON? {
            get { position(of: key).map { members[$0].value } }
            set {
                switch (position(of: key), newValue) {
                case (let position?, let value?): members[position].value = value
                case (let position?, nil): remove(at: position)
                case (nil, let value?): append(key, value)
                case (nil, nil): break
                }
            }
        }

        /// How many members there are.
        public var count: Int { members.count }
        /// Whether there are no members.
        public var isEmpty: Bool { members.isEmpty }
        /// The keys in order.
        public var keys: [String] { members.map(\.key) }
        /// The values in order.
        public var values: [JSON] { members.map(\.value) }

        /// As the subscript's setter, for the parser.
        mutating func set(_ key: String, _ value: JSON) {
            if let position = position(of: key) {
                members[position].value = value
            } else {
                append(key, value)
            }
        }

        private func position(of key: String) -> Int? {
            if let index { return index[ByteKey(text: key)] }
            let wanted = ByteKey(text: key)
            for position in members.indices where ByteKey(text: members[position].key) == wanted {
                return position
            }
            return nil
        }

        private mutating func append(_ key: String, _ value: JSON) {
            if members.isEmpty { members.reserveCapacity(4) }
            members.append((key, value))
            if index != nil {
                index?[ByteKey(text: key)] = members.count - 1
            } else if members.count > Self.linearLimit {
                rebuildIndex()
            }
        }

        private mutating func remove(at position: Int) {
            members.remove(at: position)
            if index != nil { rebuildIndex() }
        }

        private mutating func rebuildIndex() {
            var index = [ByteKey: Int](minimumCapacity: members.count)
            for (position, member) in members.enumerated() { index[ByteKey(text: member.key)] = position }
            self.index = index
        }
    }
}

/// A key that is its bytes. Swift's own string equality and hash are those of the canonical form, of which a peer can
/// write any number of variants: a dictionary of them would degrade to a list.
private struct ByteKey: Sendable, Hashable {
    let text: String

    static func == (a: ByteKey, b: ByteKey) -> Bool {
        a.text.utf8.count == b.text.utf8.count && a.text.utf8.elementsEqual(b.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        let bytes = text.utf8.span
        unsafe bytes.withUnsafeBytes { buffer in unsafe hasher.combine(bytes: buffer) }
    }
}

extension JSON.Object: Sequence {
    /// The members in order.
    public func makeIterator() -> IndexingIterator<[Element]> { members.makeIterator() }
    /// `count`.
    public var underestimatedCount: Int { count }
}

extension JSON.Object: ExpressibleByDictionaryLiteral {
    /// Of duplicate keys the last wins.
    public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}

extension JSON.Object: Hashable {
    /// The same members, in any order.
    public static func == (a: JSON.Object, b: JSON.Object) -> Bool {
        a.count == b.count && a.members.allSatisfy { b[$0.key] == $0.value }
    }

    /// The same for the same members in any order.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for (key, value) in members {
            var member = Hasher()
            member.combine(ByteKey(text: key))
            member.combine(value)
            sum &+= member.finalize()
        }
        hasher.combine(sum)
    }
}
