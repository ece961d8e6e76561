@testable import HTTP
import Testing

@Suite struct WebSocketFrameTests {
    // RFC 6455 §5.7: a masked and an unmasked "Hello", and the longer lengths.
    @Test func theExamplesOfTheRFC() throws {
        let hello = WebSocketFrame(opcode: .text, payload: Array("Hello".utf8))
        #expect(
            hello.encoded(mask: [0x37, 0xFA, 0x21, 0x3D])
                == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        #expect(try frames([0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]) == [hello])
        #expect(
            try frames([0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F]) == [
                WebSocketFrame(isFinal: false, opcode: .text, payload: Array("Hel".utf8)),
                WebSocketFrame(opcode: .continuation, payload: Array("lo".utf8)),
            ])
    }

    @Test(
        arguments: [
            (125, [0x82, 0xFD]), (126, [0x82, 0xFE, 0x00, 0x7E]), (256, [0x82, 0xFE, 0x01, 0x00]),
            (65_535, [0x82, 0xFE, 0xFF, 0xFF]), (65_536, [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] as [(Int, [UInt8])])
    func lengthsAreInTheirShortestForm(count: Int, head: [UInt8]) throws {
        let frame = WebSocketFrame(opcode: .binary, payload: [UInt8](repeating: 3, count: count))
        let bytes = frame.encoded(mask: [0, 0, 0, 0])
        #expect(Array(bytes.prefix(head.count)) == head)
        #expect(bytes.count == head.count + 4 + count)
        // A server's frame is the same without the mask and its bit.
        var unmasked = bytes
        unmasked.removeSubrange(head.count..<(head.count + 4))
        unmasked[1] &= 0x7F
        #expect(try frames(unmasked) == [frame])
    }

    @Test func bytesMayComeOneByOne() throws {
        var parser = WebSocketFrameParser(limit: 1000)
        let bytes: [UInt8] = [0x82, 0x7E, 0x00, 0x80] + [UInt8](repeating: 1, count: 128) + [0x89, 0x00]
        var found: [WebSocketFrame] = []
        for byte in bytes {
            parser.append([byte][...])
            while let frame = try parser.next() { found.append(frame) }
        }
        #expect(found.map(\.payload.count) == [128, 0])
        #expect(found.map(\.opcode) == [.binary, .ping])
    }

    @Test(
        arguments: [
            ([0xC1, 0x00], 1002), ([0xA1, 0x00], 1002), ([0x91, 0x00], 1002), ([0x83, 0x00], 1002),
            ([0x8B, 0x00], 1002),
            ([0x81, 0x80], 1002), ([0x09, 0x00], 1002), ([0x89, 0x7E], 1002), ([0x88, 0x7F], 1002),
            ([0x82, 0x7E, 0x00, 0x7D], 1002),
            ([0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 1002),
            ([0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002),
            ([0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0], 1009), ([0x82, 0x7E, 0x03, 0xE9], 1009),
        ] as [([UInt8], UInt16)])
    func whatBreaksTheProtocol(bytes: [UInt8], code: UInt16) throws {
        let violation = #expect(throws: WebSocketViolation.self) { _ = try frames(bytes) }
        #expect(violation?.closeCode == code)
    }

    private func frames(_ bytes: [UInt8]) throws -> [WebSocketFrame] {
        var parser = WebSocketFrameParser(limit: bytes.count > 1000 ? 1 << 20 : 1000)
        parser.append(bytes[...])
        var found: [WebSocketFrame] = []
        while let frame = try parser.next() { found.append(frame) }
        return found
    }

    @Test func fragmentsAreJoined() throws {
        var assembler = WebSocketAssembler(limit: 10)
        // The parts of a character may come in two frames.
        #expect(try assembler.add(.init(isFinal: false, opcode: .text, payload: [0xC3])) == nil)
        #expect(try assembler.add(.init(isFinal: false, opcode: .continuation, payload: [])) == nil)
        #expect(try assembler.add(.init(opcode: .continuation, payload: [0xBC])) == .text("ü"))
        #expect(try assembler.add(.init(opcode: .binary, payload: [0xFF])) == .binary([0xFF]))
        #expect(try assembler.add(.init(opcode: .text, payload: [])) == .text(""))
    }

    @Test(
        arguments: [
            ([(true, .continuation, [])], 1002), ([(false, .text, []), (true, .text, [])], 1002),
            ([(false, .binary, []), (true, .text, [])], 1002), ([(true, .text, [0xFF])], 1007),
            ([(false, .text, [0xC3]), (true, .continuation, [])], 1007),
            ([(true, .text, [0xED, 0xA0, 0x80])], 1007),
            ([(false, .binary, [1, 2, 3, 4, 5, 6]), (true, .continuation, [1, 2, 3, 4, 5])], 1009),
        ] as [([(Bool, WebSocketFrame.Opcode, [UInt8])], UInt16)])
    func wrongSequences(frames: [(Bool, WebSocketFrame.Opcode, [UInt8])], code: UInt16) throws {
        var assembler = WebSocketAssembler(limit: 10)
        let violation = #expect(throws: WebSocketViolation.self) {
            for (isFinal, opcode, payload) in frames {
                let message = try assembler.add(.init(isFinal: isFinal, opcode: opcode, payload: payload))
                #expect(message == nil)
            }
        }
        #expect(violation?.closeCode == code)
    }

    @Test func closePayloads() throws {
        #expect(try WebSocket.Closing(payload: []) == .init(code: nil, reason: ""))
        #expect(try WebSocket.Closing(payload: [0x03, 0xE8]) == .init(code: 1000, reason: ""))
        #expect(
            try WebSocket.Closing(payload: [0x0F, 0xA0] + Array("bye".utf8))
                == .init(code: 4000, reason: "bye"))
        for payload in [
            [3], [0x03, 0xED], [0x03, 0xEE], [0x03, 0xF7], [0x03, 0xE7], [0x13, 0x88], [0, 0],
        ] as [[UInt8]] {
            let violation = #expect(throws: WebSocketViolation.self) {
                _ = try WebSocket.Closing(payload: payload)
            }
            #expect(violation?.closeCode == 1002)
        }
        let violation = #expect(throws: WebSocketViolation.self) {
            _ = try WebSocket.Closing(payload: [0x03, 0xE8, 0xFF])
        }
        #expect(violation?.closeCode == 1007)
    }
}
