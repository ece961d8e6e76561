@testable import AWSClients
import Crypto
@testable import HTTP
import JSON
import Time

/// Bytes make the same frames and messages, or the same violation, however the network cuts them.
func fuzzWebSocket(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let rest = bytes.dropFirst()
    let whole = frames(of: [rest])
    let cut = rest.index(rest.startIndex, offsetBy: min(Int(first), rest.count))
    precondition(frames(of: [rest[..<cut], rest[cut...]]) == whole, "a cut changes what is read")
    var assembler = WebSocketAssembler(limit: 1 << 16)
    for frame in whole.frames {
        precondition(frame.payload.count <= 1 << 16, "a frame over the limit")
        if frame.opcode == .close { _ = try? WebSocket.Closing(payload: frame.payload) }
        if !frame.opcode.isControl { _ = try? assembler.add(frame) }
    }
}

private struct Reading: Equatable {
    var frames: [WebSocketFrame] = []
    var violation: WebSocketViolation?
}

private func frames(of pieces: [ArraySlice<UInt8>]) -> Reading {
    var parser = WebSocketFrameParser(limit: 1 << 16)
    var reading = Reading()
    do throws(WebSocketViolation) {
        for piece in pieces {
            parser.append(piece)
            while let frame = try parser.next() { reading.frames.append(frame) }
        }
    } catch {
        reading.violation = error
    }
    return reading
}

/// A response is the same, or the same is wrong with it, however the network cuts it; its body keeps to the limit.
func fuzzResponse(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let rest = bytes.dropFirst()
    let cut = rest.index(rest.startIndex, offsetBy: min(Int(first), rest.count))
    let whole = response(of: [rest])
    precondition(response(of: [rest[..<cut], rest[cut...]]) == whole, "a cut changes what is read")
    if let body = whole.body { precondition(body.count <= 1 << 12, "a body over the limit") }
}

private struct ResponseReading: Equatable {
    var status: Int?
    var headers: [String] = []
    var body: [UInt8]?
    var keepsConnection = false
    var failure: HTTPError.Code?
}

private func response(of pieces: [ArraySlice<UInt8>]) -> ResponseReading {
    var reader = ResponseReader(limit: 1 << 12)
    var reading = ResponseReading()
    var pending: [UInt8] = []
    do throws(ResponseReader.Failure) {
        for piece in pieces {
            pending += piece
            let taken = try reader.read(pending.span)
            pending.removeFirst(taken)
        }
        // What comes behind a response is the next one's: whoever reads sees it and gives the connection up.
        reading.keepsConnection = reader.isComplete && reader.keepsConnection && pending.isEmpty
        if !reader.isComplete { try reader.end() }
    } catch {
        reading.failure = error.code
    }
    if let response = reader.take() {
        reading.status = response.status
        reading.headers = response.headers.map { "\($0): \($1)" }
        reading.body = response.body
    }
    return reading
}

private let loop = EventLoop()

/// A body in pieces of any size comes out in chunks that hold it, as long as was announced. The input: flags, then a
/// count for each piece; a piece's bytes follow from its place.
func fuzzChunks(_ bytes: [UInt8]) {
    guard let flags = bytes.first else { return }
    let pieces = bytes.dropFirst().prefix(16).enumerated().map { place, size in
        // Squared, to reach over the size of a chunk.
        [UInt8](repeating: UInt8(truncatingIfNeeded: place), count: Int(size) * Int(size) * 2)
    }
    let trailer: ChecksumAlgorithm? = flags & 2 == 0 ? nil : .crc32c
    let encoding = ChunkedEncoding(isSigned: flags & 1 == 0, trailer: trailer)
    let body = pieces.flatMap(\.self)
    // A length that is not the body's must fail and do nothing else.
    let length = max(0, body.count + (flags & 4 == 0 ? 0 : flags & 8 == 0 ? 1 : -1))
    let time = Timestamp(milliseconds: 1_700_000_000_000)
    let signer = SigV4(
        credentials: Credentials(accessKeyID: "a", secretAccessKey: "s"), region: "eu-west-1", service: "s3",
        pathRule: .asSent, keys: SigningKeyCache())
    let sent: [UInt8]? = try? loop.run {
        let source = PieceSource(pieces[...])
        let chunks = ChunkedBody(
            length: length, trailer: trailer,
            signer: encoding.isSigned ? ChunkSigner(seed: "seed", signer: signer, time: time) : nil
        ) { await source.next() }
        var sent: [UInt8] = []
        do {
            while let chunk = try await chunks.next() { sent += chunk }
        } catch {
            return nil
        }
        return sent
    }
    if length != body.count {
        precondition(sent == nil, "a wrong length went through")
        return
    }
    guard let sent else { preconditionFailure("a right length failed") }
    precondition(sent.count == encoding.encodedLength(of: body.count), "not as long as was announced")
    precondition(decode(sent) == body, "the chunks hold another body")
}

private actor PieceSource {
    private var pieces: ArraySlice<[UInt8]>
    init(_ pieces: ArraySlice<[UInt8]>) { self.pieces = pieces }
    func next() -> [UInt8]? { pieces.popFirst() }
}

/// `aws-chunked` as AWS's page has it, signatures and trailer unread.
private func decode(_ sent: [UInt8]) -> [UInt8] {
    var (rest, body) = (sent[...], [UInt8]())
    while !rest.isEmpty {
        let line = rest.prefix { $0 != 0x0D }
        let digits = line.prefix { $0 != UInt8(ascii: ";") }
        guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { return [] }
        if size == 0 { return body }
        rest = rest.dropFirst(line.count + 2)
        body += rest.prefix(size)
        rest = rest.dropFirst(size + 2)
    }
    return []
}
