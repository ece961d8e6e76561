import HTTP
import Synchronization
import TestSupport
import Testing

/// The addresses of a name, from a DNS server of the test's own.
@Suite(.timeLimit(.minutes(1))) struct NameResolverTests {
    /// What the server says of A and of AAAA records.
    private func addresses(
        _ a: NameServer.Answer, _ aaaa: NameServer.Answer = .records([]), of name: String = "gpu.test"
    ) async throws -> [String] {
        let server = try NameServer { $0.type == 1 ? a : aaaa }
        defer { server.stop() }
        return try await withLoop { loop in
            try await NameResolver(loop: loop, servers: server.address).addresses(of: name)
        }
    }

    @Test func theAddressesComeInTheirOrderEachOnce() async throws {
        let found = try await addresses(.records([[127, 0, 0, 2], [10, 1, 2, 3], [127, 0, 0, 2]]))
        #expect(found == ["127.0.0.2", "10.1.2.3"])
    }

    @Test func aNameWithIPv6AddressesOnlyHasThose() async throws {
        let address: [UInt8] = [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]
        let loopback = [UInt8](repeating: 0, count: 15) + [1]
        #expect(try await addresses(.records([]), .records([address, loopback])) == ["2001:db8::7", "::1"])
    }

    /// A host with both kinds of address is one host.
    @Test func aHostWithBothKindsOfAddressStandsOnceInTheList() async throws {
        let loopback = [UInt8](repeating: 0, count: 15) + [1]
        #expect(try await addresses(.records([[127, 0, 0, 1]]), .records([loopback])) == ["127.0.0.1"])
    }

    @Test func noSuchNameAndNoRecordAreAnswers() async throws {
        #expect(try await addresses(.noSuchName, .noSuchName) == [])
        #expect(try await addresses(.records([]), .records([])) == [])
    }

    /// A failure is told from an empty answer also when only one of the two questions fails.
    @Test func aFailureIsNoAnswer() async throws {
        await #expect(throws: NameResolver.Failure.self) { try await addresses(.failure, .records([])) }
        await #expect(throws: NameResolver.Failure.self) { try await addresses(.records([]), .failure) }
        await #expect(throws: NameResolver.Failure.self) {
            try await addresses(.garbage([0x81, 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0]))
        }
    }

    @Test func addressesThatNoWorkerHasAreLeftOut() async throws {
        let found = try await addresses(
            .records([
                [0, 0, 0, 0], [169, 254, 169, 254], [224, 0, 0, 1], [255, 255, 255, 255], [10, 0, 0, 1],
            ]))
        #expect(found == ["10.0.0.1"])
        let linkLocal: [UInt8] = [0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1]
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 169, 254, 169, 254]
        #expect(try await addresses(.records([]), .records([linkLocal, mapped])) == [])
    }

    /// Too long for a datagram, and longer than anybody needs.
    @Test func anAnswerOverTheLimitIsCut() async throws {
        let many = (0..<NameResolver.limit + 200).map { [10, 0, UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let server = try NameServer { question in
            if question.type != 1 { return .records([]) }
            return question.isOverTCP ? .records(many) : .truncated
        }
        defer { server.stop() }
        let found = try await withLoop { loop in
            try await NameResolver(loop: loop, servers: server.address).addresses(of: "gpu.test")
        }
        #expect(found.count == NameResolver.limit)
        #expect(found.last == "10.0.3.231")
    }

    /// The first datagram is lost; meanwhile the loop serves others.
    @Test func aLostDatagramIsSentAgainAndHoldsUpNobody() async throws {
        let count = Mutex(0)
        let server = try NameServer { _ in
            let isFirst = count.withLock { count in
                count += 1
                return count == 1
            }
            return isFirst ? .silence : .records([[127, 0, 0, 1]])
        }
        try await withLoop { loop in
            async let found = NameResolver(loop: loop, servers: server.address).addresses(of: "gpu.test")
            var turns = 0
            while server.asked.count < 2 {
                try await loop.sleep(for: .milliseconds(1))
                turns += 1
            }
            #expect(turns > 1)
            #expect(try await found == ["127.0.0.1"])
        }
    }

    /// Its socket's number is free by then, and the next server's.
    @Test func aServerThatIsStoppedTwiceSilencesNobody() async throws {
        let first = try NameServer { _ in .failure }
        first.stop()
        let others = try (0..<4).map { _ in try NameServer { _ in .records([[127, 0, 0, 1]]) } }
        first.stop()
        try await withLoop { loop in
            for other in others {
                let found = try await NameResolver(loop: loop, servers: other.address)
                    .addresses(of: "gpu.test")
                #expect(found == ["127.0.0.1"])
            }
        }
        for other in others { other.stop() }
    }

    @Test func aServerThatSaysNothingIsAFailureInTheEnd() async throws {
        let server = try NameServer { _ in .silence }
        defer { server.stop() }
        try await withLoop { loop in
            await #expect(throws: NameResolver.Failure.self) {
                try await NameResolver(loop: loop, servers: server.address).addresses(of: "gpu.test")
            }
        }
    }

    @Test func aQuestionCanBeCancelled() async throws {
        let server = try NameServer { _ in .silence }
        defer { server.stop() }
        try await withLoop { loop in
            let task = loop.task {
                try await NameResolver(loop: loop, servers: server.address).addresses(of: "gpu.test")
            }
            while server.asked.isEmpty { try await loop.sleep(for: .milliseconds(5)) }
            task.cancel()
            await #expect(throws: NameResolver.Failure.self) { try await task.value }
        }
    }

    /// The hosts file comes first: the server is not asked.
    @Test func theHostsFileIsReadFirst() async throws {
        let server = try NameServer { _ in .failure }
        defer { server.stop() }
        try await withLoop { loop in
            let resolver = NameResolver(loop: loop, servers: server.address)
            let found = try await resolver.addresses(of: "localhost")
            #expect(found == ["127.0.0.1"])
        }
        #expect(server.asked.isEmpty)
    }

    @Test(arguments: ["not an address", "127.0.0.1:99999999"])
    func aServerThatIsNoneIsAFailure(_ servers: String) async throws {
        try await withLoop { loop in
            await #expect(throws: NameResolver.Failure.self) {
                try await NameResolver(loop: loop, servers: servers).addresses(of: "gpu.test")
            }
        }
    }
}
