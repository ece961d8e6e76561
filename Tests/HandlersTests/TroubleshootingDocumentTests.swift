import TestSupport
import Testing

@testable import Handlers

/// `docs/troubleshooting.md` has an entry for every code that somebody can meet.
@Suite struct TroubleshootingDocumentTests {
    private static func entries() throws -> Set<String> {
        let lines = try Fixtures.text("../../docs/troubleshooting.md").split(separator: "\n")
        return Set(lines.filter { $0.hasPrefix("### ") }.map { String($0.dropFirst(4)) })
    }

    @Test(arguments: Job.Failure.Code.allCases)
    func everyWayForAJobToFailHasAnEntry(_ code: Job.Failure.Code) throws {
        #expect(try Self.entries().contains(code.rawValue))
    }

    @Test(arguments: APIError.Code.allCases)
    func everyErrorOfTheAPIHasAnEntry(_ code: APIError.Code) throws {
        #expect(try Self.entries().contains(code.rawValue))
    }

    @Test func noEntryIsForACodeThatDoesNotExist() throws {
        let codes = Set(Job.Failure.Code.allCases.map(\.rawValue))
            .union(APIError.Code.allCases.map(\.rawValue))
        #expect(try Self.entries().subtracting(codes) == ["TIMEOUT of a request"])
    }
}
