/// The query's part of a canonical request: every name and value encoded the one way SigV4 knows, sorted by encoded
/// name, then by encoded value.
enum CanonicalQuery {
    static func encode(_ items: [(name: String, value: String)]) -> String {
        var encoded = EncodedItems()
        for (name, value) in items { encoded.add(name, value) }
        var text: [UInt8] = []
        encoded.append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// From a query as it is sent, however it is encoded. Bytes that are no escapes stand for themselves.
    static func canonicalize(_ query: String) -> String {
        var text: [UInt8] = []
        append(query, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    static func append(_ query: String, to text: inout [UInt8]) {
        // What this client makes itself is canonical already.
        if isCanonical(query.utf8.span) { return text.append(contentsOf: query.utf8) }
        var encoded = EncodedItems()
        encoded.add(query: query.utf8.span)
        encoded.append(to: &text)
    }
}

extension CanonicalQuery {
    /// Whether re-encoding and sorting would change nothing, told by one look at each byte. May say no where nothing
    /// would change.
    private static func isCanonical(_ query: Span<UInt8>) -> Bool {
        var name = 0..<0
        var position = 0
        while position < query.count {
            let start = position
            position = PercentEncoding.endOfEncoded(query, from: position)
            guard position < query.count, query[position] == UInt8(ascii: "=") else { return false }
            // Equal names are in order only by their values: left to the sorting.
            guard name.isEmpty || comesBefore(query, name, start..<position) else { return false }
            name = start..<position
            position = PercentEncoding.endOfEncoded(query, from: position + 1)
            if position == query.count { return true }
            guard query[position] == UInt8(ascii: "&"), position + 1 < query.count else { return false }
            position += 1
        }
        return query.count == 0
    }

    private static func comesBefore(_ query: Span<UInt8>, _ a: Range<Int>, _ b: Range<Int>) -> Bool {
        for offset in 0..<min(a.count, b.count) {
            let (first, second) = (query[a.lowerBound + offset], query[b.lowerBound + offset])
            if first != second { return first < second }
        }
        return a.count < b.count
    }
}

/// Names and values, encoded one after another in one buffer.
struct EncodedItems {
    private struct Item {
        var start: Int
        /// Where the value begins, after the `=`.
        var value: Int
        var end: Int
    }

    private var bytes: [UInt8] = []
    private var items: [Item] = []

    mutating func add(_ name: String, _ value: String) {
        let start = bytes.count
        PercentEncoding.append(name.utf8.span, to: &bytes)
        bytes.append(UInt8(ascii: "="))
        let middle = bytes.count
        PercentEncoding.append(value.utf8.span, to: &bytes)
        items.append(Item(start: start, value: middle, end: bytes.count))
    }

    /// A query as it is sent; empty pairs between `&` are no pairs.
    mutating func add(query: Span<UInt8>) {
        bytes.reserveCapacity(bytes.count + query.count + 16)
        var position = 0
        while position < query.count {
            var end = position
            var equals: Int?
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if equals == nil, query[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            if end > position {
                let start = bytes.count
                PercentEncoding.appendAgain(query.extracting(position..<(equals ?? end)), to: &bytes)
                bytes.append(UInt8(ascii: "="))
                let middle = bytes.count
                if let equals {
                    PercentEncoding.appendAgain(query.extracting((equals + 1)..<end), to: &bytes)
                }
                items.append(Item(start: start, value: middle, end: bytes.count))
            }
            position = end + 1
        }
    }

    mutating func append(to text: inout [UInt8]) {
        // By insertion: there are few, and most come in order.
        for index in items.indices.dropFirst() {
            var place = index
            while place > 0, precedes(items[place], items[place - 1]) {
                items.swapAt(place, place - 1)
                place -= 1
            }
        }
        for (index, item) in items.enumerated() {
            if index > 0 { text.append(UInt8(ascii: "&")) }
            text.append(contentsOf: bytes[item.start..<item.end])
        }
    }

    private func precedes(_ a: Item, _ b: Item) -> Bool {
        let (nameA, nameB) = (a.start..<(a.value - 1), b.start..<(b.value - 1))
        let names = bytes.compare(nameA, nameB)
        return names < 0 || (names == 0 && bytes.compare(a.value..<a.end, b.value..<b.end) < 0)
    }
}

extension [UInt8] {
    /// Two parts of it in the order of their bytes: negative when the first comes first, 0 when they are equal.
    func compare(_ a: Range<Int>, _ b: Range<Int>) -> Int {
        let bytes = span
        for offset in 0..<Swift.min(a.count, b.count) {
            let difference = Int(bytes[a.lowerBound + offset]) - Int(bytes[b.lowerBound + offset])
            if difference != 0 { return difference }
        }
        return a.count - b.count
    }
}
