import Glibc

/// Reads one response from the bytes of a connection (RFC 9112 §6): its head, then a body by its length, in chunks, or until the
/// connection's end.
struct ResponseReader {
    /// What is wrong with the bytes.
    struct Failure: Error {
        let code: HTTPError.Code
        let reason: String
    }

    private enum Part {
        case head
        /// So many bytes of the body are still to come.
        case counted(Int)
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case untilEnd
        case complete
    }

    /// Of a line of the head, and of what stands around a chunk.
    static let lineLimit = 64 << 10
    /// Room made at once for what a peer only announces.
    private static let step = 1 << 20
    /// What one reading takes of a head.
    private static let inputRoom = 16 << 10

    private var part = Part.head
    private var head: ResponseHeadReader
    private var body: [UInt8] = []
    /// Received and not taken yet: an unfinished line, or what comes behind the response.
    private var input: [UInt8] = []
    private let limit: Int
    /// Whether a byte of it has come.
    private(set) var hasBegun = false
    /// Whether another request may follow on the connection, as far as the response tells.
    var keepsConnection: Bool { isPersistent && input.isEmpty }
    private var isPersistent = true

    /// For a body of at most so many bytes.
    init(limit: Int, known: KnownTexts = .none) {
        self.limit = limit
        head = ResponseHeadReader(known)
    }

    /// Takes `room` for what comes: an allocation less.
    mutating func lend(_ room: inout [UInt8]) {
        if input.isEmpty { swap(&input, &room) }
    }

    /// What `lend` took, when the response is complete and nothing came behind it.
    mutating func giveBack(_ room: inout [UInt8]) {
        if input.isEmpty { swap(&input, &room) }
    }

    var isComplete: Bool {
        if case .complete = part { return true }
        return false
    }

    /// The whole response, once it is complete.
    mutating func take() -> HTTPClient.Response? {
        guard isComplete, let head = head.head else { return nil }
        // Given away, so that whoever gets the body is its only owner.
        let body = body
        self.body = []
        return HTTPClient.Response(status: head.status, headers: head.headers, body: body)
    }

    // MARK: Bytes

    /// Takes what can be taken of `bytes`, and says how many that were: an unfinished line is left for the next call.
    mutating func read(_ bytes: borrowing Span<UInt8>) throws(Failure) -> Int {
        var position = 0
        if !bytes.isEmpty { hasBegun = true }
        while position < bytes.count {
            switch part {
            case .head, .chunkSize, .chunkEnd, .trailers:
                guard let end = Self.lineEnd(bytes, position) else {
                    if bytes.count - position > Self.lineLimit {
                        throw Self.tooLarge("a line of the response")
                    }
                    return position
                }
                let line = bytes.extracting(position..<end)
                position = end
                try take(line: line)
            case .counted(let missing):
                let count = append(bytes, position, missing)
                position += count
                part = count == missing ? .complete : .counted(missing - count)
            case .chunk(let missing):
                let count = append(bytes, position, missing)
                position += count
                part = count == missing ? .chunkEnd : .chunk(missing - count)
            case .untilEnd:
                guard bytes.count - position <= limit - body.count else { throw bodyTooLarge }
                position += append(bytes, position, .max)
            case .complete:
                return position
            }
        }
        return position
    }

    /// What came of a reading.
    enum Outcome: Equatable {
        /// All there is for now was read.
        case waits
        case complete
        /// The connection ended before a byte of the response.
        case closed
        /// The system's number of an error.
        case broken(Int32)
    }

    /// Reads as long as there is something. `receive` writes into the room it is given, and returns what `recv` does; errno is its own.
    mutating func read(_ receive: (UnsafeMutableRawBufferPointer) -> Int) throws(Failure) -> Outcome {
        while true {
            // A body with a length comes straight to its place.
            var missing = 0
            if case .counted(let count) = part, input.isEmpty { missing = count }
            let room = missing > 0 ? min(missing, Self.step) : Self.inputRoom
            let count =
                unsafe missing > 0 ? body.append(room, receive) : input.append(room, receive)
            if count < 0 {
                let number = errno
                if number == EINTR { continue }
                return number == EAGAIN ? .waits : .broken(number)
            }
            if count == 0 {
                if !hasBegun { return .closed }
                try end()
                return .complete
            }
            if missing > 0 {
                part = count == missing ? .complete : .counted(missing - count)
            } else {
                var input: [UInt8] = []
                swap(&input, &self.input)
                let taken = try read(input.span)
                if taken < input.count {
                    input.removeSubrange(..<taken)
                } else {
                    input.removeAll(keepingCapacity: true)
                }
                swap(&input, &self.input)
            }
            if isComplete { return .complete }
            // Less than there was room for is all there is.
            if count < room { return .waits }
        }
    }

    /// The connection has ended.
    mutating func end() throws(Failure) {
        isPersistent = false
        switch part {
        case .complete: break
        case .untilEnd: part = .complete
        case .head where !hasBegun: throw Failure(code: .receive, reason: "the server closed the connection")
        case .head:
            throw Failure(code: .truncated, reason: "the connection ended inside the response's head")
        default: throw Failure(code: .truncated, reason: "the connection ended inside the response's body")
        }
    }

    // MARK: Lines

    private mutating func take(line: borrowing Span<UInt8>) throws(Failure) {
        switch part {
        case .chunkSize: try takeChunkSize(line)
        case .chunkEnd:
            guard Self.isBlank(line) else { throw Self.malformed("a chunk is longer than it says") }
            part = .chunkSize
        case .trailers: if Self.isBlank(line) { part = .complete }
        default: try take(headLine: line)
        }
    }

    private mutating func take(headLine line: borrowing Span<UInt8>) throws(Failure) {
        let isFirst = head.head == nil
        switch head.read(line) {
        case .tooLarge: throw Self.tooLarge("the response's head")
        case .more:
            guard isFirst else { return }
            if head.head == nil { throw Self.malformed("it is no HTTP") }
            // HTTP/1.0
            if line.count > 7, line[7] == UInt8(ascii: "0") { isPersistent = false }
        case .complete: try beginBody()
        }
    }

    private mutating func beginBody() throws(Failure) {
        guard let head = head.head else { return }
        var length: String?
        var encoding: String?
        for (name, value) in head.headers {
            // By their lengths first: this is on the path of every response.
            switch name.utf8.count {
            case 10 where HTTPHeaders.isSameName(name, "Connection"):
                let options = value.lowercased().utf8.split {
                    $0 == UInt8(ascii: ",") || $0 == 0x20 || $0 == 0x09
                }
                if options.contains(where: { $0.elementsEqual("close".utf8) }) { isPersistent = false }
            case 14 where HTTPHeaders.isSameName(name, "Content-Length"):
                if let length, length != value { throw Self.malformed("two lengths") }
                length = value
            case 17 where HTTPHeaders.isSameName(name, "Transfer-Encoding"):
                encoding = encoding.map { $0 + ", " + value } ?? value
            default: break
            }
        }
        // After 101 it is HTTP no more, and nobody asked for that.
        if head.status == 101 { throw Self.malformed("another protocol") }
        if head.status == 204 || head.status == 304 {
            part = .complete
        } else if let encoding {
            guard encoding.lowercased() == "chunked" else { throw Self.malformed("an unknown encoding") }
            part = .chunkSize
        } else if let length {
            try beginBody(of: length)
        } else {
            isPersistent = false
            part = .untilEnd
        }
    }

    private mutating func beginBody(of text: String) throws(Failure) {
        guard let length = Int(text), text.utf8.first != UInt8(ascii: "+"), length >= 0 else {
            throw Self.malformed("a length that is none")
        }
        guard length <= limit else { throw bodyTooLarge }
        body.reserveCapacity(min(length, Self.step))
        part = length == 0 ? .complete : .counted(length)
    }

    /// Hexadecimal; extensions after a semicolon say nothing to us.
    private mutating func takeChunkSize(_ line: borrowing Span<UInt8>) throws(Failure) {
        var size = 0
        var position = 0
        while position < line.count, let digit = hexValue(line[position]) {
            guard size <= limit else { throw bodyTooLarge }
            size = size << 4 | Int(digit)
            position += 1
        }
        let isEnded = position < line.count && [0x3B, 0x0D, 0x0A, 0x20, 0x09].contains(line[position])
        guard position > 0, isEnded else { throw Self.malformed("a chunk without a size") }
        guard size <= limit - body.count else { throw bodyTooLarge }
        part = size == 0 ? .trailers : .chunk(size)
    }

    private mutating func append(_ bytes: borrowing Span<UInt8>, _ start: Int, _ most: Int) -> Int {
        let count = min(most, bytes.count - start)
        let piece = bytes.extracting(start..<start + count)
        unsafe piece.withUnsafeBufferPointer { unsafe body.append(contentsOf: $0) }
        return count
    }

    /// Behind the line break.
    private static func lineEnd(_ bytes: borrowing Span<UInt8>, _ start: Int) -> Int? {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, 0x0A, bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base + 1
        }
    }

    private static func isBlank(_ line: borrowing Span<UInt8>) -> Bool {
        line.count == 1 || line.count == 2 && line[0] == 0x0D
    }

    private var bodyTooLarge: Failure { Self.tooLarge("the response's body is over \(limit) bytes, it") }

    private static func tooLarge(_ what: String) -> Failure {
        Failure(code: .responseTooLarge, reason: "\(what) is too large")
    }

    private static func malformed(_ what: String) -> Failure {
        Failure(code: .receive, reason: "the response cannot be read: \(what)")
    }
}

extension Array<UInt8> {
    /// Has `receive` write behind the last byte; returns what it returned, of which only what is positive was written.
    fileprivate mutating func append(_ room: Int, _ receive: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        var received = 0
        append(addingCapacity: room) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                let free = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[count..<count + room])
                received = unsafe receive(free)
                count += Swift.max(0, received)
            }
        }
        return received
    }
}
