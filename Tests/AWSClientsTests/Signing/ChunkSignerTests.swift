import JSON
import TestSupport
import Testing

@testable import AWSClients

@Suite struct ChunkSignerTests {
    @Test(arguments: PublishedCase.chunked)
    func signsThePublishedChunks(_ example: PublishedCase) throws {
        var signer = ChunkSigner(
            seed: try example.text("signature"), signer: try PublishedCase.signer(),
            time: try PublishedCase.time())
        for chunk in try #require(example.json["chunks"]?.array) {
            let data = [UInt8](repeating: UInt8(ascii: "a"), count: try #require(chunk["data_length"]?.int))
            // The file writes the line's end as text.
            let header = try #require(chunk["header_line"]?.string).dropLast(4) + "\r\n"
            if let trailer = example.json["trailer"], data.isEmpty {
                let line = try #require(trailer["line"]?.string)
                let colon = try #require(line.firstIndex(of: ":"))
                let bytes = signer.end(
                    trailer: String(line[..<colon]), String(line[line.index(after: colon)...]))
                #expect(
                    String(decoding: bytes, as: UTF8.self)
                        == "\(header)\(line)\r\n"
                        + "x-amz-trailer-signature:\(try #require(trailer["signature"]?.string))\r\n\r\n")
            } else {
                #expect(signer.chunk(data) == Array(header.utf8) + data + [0x0D, 0x0A])
                #expect(signer.previous == chunk["signature"]?.string)
            }
        }
    }

    @Test func theLengthIsKnownBeforeTheFirstByte() {
        // 66,560 bytes is the published example's length; its Content-Length there is 66,824.
        #expect(ChunkSigner.encodedLength(of: 66_560) == 66_824)
        #expect(ChunkSigner.encodedLength(of: 0) == 1 + 17 + 64 + 4)
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
    func piecesOfAnySizeMakeThatLength(_ length: Int) async throws {
        for pieceSize in [1 + length / 7, 65_536, 1_000_000] {
            let chunks = SignedChunks(
                signer: ChunkSigner(
                    seed: "", signer: try PublishedCase.signer(), time: try PublishedCase.time()),
                length: length, source: Self.source(length: length, pieceSize: pieceSize))
            var count = 0
            while let bytes = try await chunks.next() { count += bytes.count }
            #expect(count == ChunkSigner.encodedLength(of: length))
        }
    }

    @Test(arguments: [99, 101, 0])
    func aSourceThatDoesNotKeepItsPromiseFails(_ given: Int) async throws {
        let chunks = SignedChunks(
            signer: ChunkSigner(seed: "", signer: try PublishedCase.signer(), time: try PublishedCase.time()),
            length: 100, source: Self.source(length: given, pieceSize: 10))
        await #expect(throws: SignedChunks.LengthMismatch.self) {
            while try await chunks.next() != nil {}
        }
    }

    private static func source(length: Int, pieceSize: Int) -> @Sendable () async throws -> [UInt8]? {
        let rest = Locked(length)
        return {
            rest.withLock { rest in
                guard rest > 0 else { return nil }
                let count = min(rest, pieceSize)
                rest -= count
                return [UInt8](repeating: 0x61, count: count)
            }
        }
    }
}
