extension SQS {
    static let maximumBatch = 10
    static let maximumMessageBytes = 1 << 20
    static let maximumDelay = Duration.seconds(900)
    static let maximumVisibility = Duration.seconds(12 * 3600)
    static let maximumWait = Duration.seconds(20)

    static func check(batchOf count: Int, _ operation: Operation) throws(AWSError) {
        guard (1...maximumBatch).contains(count) else {
            throw operation.invalid("a batch of \(count) entries; 1 to 10 are allowed")
        }
    }

    static func check(_ entry: Entry, _ operation: Operation) throws(AWSError) {
        if entry.body.isEmpty { throw operation.invalid("the message is empty; SQS sends none") }
        if size(entry) > maximumMessageBytes {
            throw operation.invalid(
                "message and attributes have \(size(entry)) bytes; at most 1,048,576 are allowed")
        }
        if entry.attributes.count > 10 {
            throw operation.invalid("\(entry.attributes.count) attributes; at most 10 are allowed")
        }
        for (name, value) in entry.attributes where value.isEmpty {
            throw operation.invalid("the attribute \(name) is empty; SQS allows none")
        }
        for (what, id) in [("group", entry.groupID), ("deduplication", entry.deduplicationID)] {
            guard let id else { continue }
            if !(1...128).contains(id.utf8.count) || !id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
                throw operation.invalid(
                    "a \(what) id of \(id.utf8.count) bytes; 1 to 128 printable ASCII characters are allowed")
            }
        }
        if let illegal = entry.body.unicodeScalars.first(where: { !XMLElement.canHold($0) }) {
            throw operation.invalid(
                "the message holds U+\(String(illegal.value, radix: 16, uppercase: true)), which XML does not allow"
            )
        }
    }

    static func size(_ entry: Entry) -> Int {
        entry.attributes.reduce(entry.body.utf8.count) { size, attribute in
            size + attribute.key.utf8.count + "String".utf8.count + attribute.value.utf8.count
        }
    }

    /// Whole seconds, within the limit.
    static func seconds(
        _ duration: Duration, _ what: String, upTo maximum: Duration, _ operation: Operation
    ) throws(AWSError) -> Int64 {
        let (seconds, rest) = duration.components
        guard duration >= .zero, duration <= maximum else {
            throw operation.invalid(
                "\(what) of \(duration); 0 to \(maximum.components.seconds) s are allowed")
        }
        // Rounded up: a message must not come back before its time.
        return seconds + (rest > 0 ? 1 : 0)
    }
}
