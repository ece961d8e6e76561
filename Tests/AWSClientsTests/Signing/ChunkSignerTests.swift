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
            #expect(String(decoding: signer.sign(chunk: data), as: UTF8.self) == chunk["signature"]?.string)
        }
        if let trailer = example.json["trailer"] {
            let line = try #require(trailer["line"]?.string)
            let colon = try #require(line.firstIndex(of: ":"))
            let signature = signer.sign(
                trailer: String(line[..<colon]), String(line[line.index(after: colon)...]))
            #expect(String(decoding: signature, as: UTF8.self) == trailer["signature"]?.string)
        }
    }
}

@Suite struct ChunkedBodyTests {
    /// The whole body as it goes over the wire, the checksum of the trailer computed from the bytes.
    @Test(arguments: PublishedCase.chunked)
    func writesThePublishedBody(_ example: PublishedCase) async throws {
        let chunks = try #require(example.json["chunks"]?.array)
        let trailer = example.json["trailer"]
        var expected: [UInt8] = []
        var length = 0
        for chunk in chunks {
            let count = try #require(chunk["data_length"]?.int)
            length += count
            // The file writes the line's end as text.
            expected += Array(try #require(chunk["header_line"]?.string).dropLast(4).utf8) + [0x0D, 0x0A]
            expected += [UInt8](repeating: UInt8(ascii: "a"), count: count)
            if count > 0 || trailer == nil { expected += [0x0D, 0x0A] }
        }
        if let trailer {
            expected += Array(try #require(trailer["line"]?.string).utf8) + [0x0D, 0x0A]
            expected += Array(
                "x-amz-trailer-signature:\(try #require(trailer["signature"]?.string))\r\n\r\n".utf8)
        }
        let encoding = ChunkedEncoding(isSigned: true, trailer: trailer == nil ? nil : .crc32c)
        let body = ChunkedBody(
            length: length, trailer: encoding.trailer,
            signer: ChunkSigner(
                seed: try example.text("signature"), signer: try PublishedCase.signer(),
                time: try PublishedCase.time()), source: Self.source(length: length, pieceSize: 10_000))
        var written: [UInt8] = []
        while let bytes = try await body.next() { written += bytes }
        #expect(written == expected)
        #expect(encoding.encodedLength(of: length) == expected.count)
        #expect(encoding.payloadHash == (try example.text("payload_hash")))
    }

    @Test func unsignedItHasOnlyLengthsAndTheTrailer() async throws {
        let body = ChunkedBody(
            length: 5, trailer: .crc32, signer: nil, source: Self.source(length: 5, pieceSize: 2))
        var written: [UInt8] = []
        while let bytes = try await body.next() { written += bytes }
        // crc32("aaaaa") = 0xEEAC93B9 by Python's zlib.
        #expect(
            String(decoding: written, as: UTF8.self)
                == "5\r\naaaaa\r\n0\r\nx-amz-checksum-crc32:7qyTuQ==\r\n\r\n")
        let encoding = ChunkedEncoding(isSigned: false, trailer: .crc32)
        #expect(encoding.encodedLength(of: 5) == written.count)
        #expect(encoding.payloadHash == "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
    func piecesOfAnySizeMakeThatLength(_ length: Int) async throws {
        for pieceSize in [1 + length / 7, 65_536, 1_000_000] {
            for trailer in [nil] + ChecksumAlgorithm.allCases {
                for isSigned in [true, false] {
                    let chunks = ChunkedBody(
                        length: length, trailer: trailer,
                        signer: isSigned
                            ? ChunkSigner(
                                seed: "", signer: try PublishedCase.signer(), time: try PublishedCase.time())
                            : nil, source: Self.source(length: length, pieceSize: pieceSize))
                    var count = 0
                    while let bytes = try await chunks.next() { count += bytes.count }
                    let encoding = ChunkedEncoding(isSigned: isSigned, trailer: trailer)
                    #expect(count == encoding.encodedLength(of: length))
                }
            }
        }
    }

    @Test(arguments: [99, 101, 0])
    func aSourceThatDoesNotKeepItsPromiseFails(_ given: Int) async throws {
        let chunks = ChunkedBody(
            length: 100, trailer: nil, signer: nil, source: Self.source(length: given, pieceSize: 10))
        await #expect(throws: ChunkedBody.LengthMismatch.self) {
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
