import FoundationEssentials
import JSON
import LambdaCodable
import Testing

@Suite struct JSONValueEncoderTests {
    private func failure(_ encode: () throws -> Void) -> String? {
        do {
            try encode()
            return nil
        } catch EncodingError.invalidValue(let value, let context) {
            return "\(value) at "
                + context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(
                    separator: "/")
        } catch {
            return "\(error)"
        }
    }

    private func judge(_ value: some Encodable) {
        let ours = failure { _ = try JSONValueEncoder().encode(value) }
        #expect(ours == failure { _ = try JSONEncoder().encode(value) })
        #expect(ours != nil)
    }

    @Test func `what JSON cannot say fails where Foundation fails`() {
        judge(["a": [1, Double.nan]])
        judge([[Float.infinity]])
        judge(-Double.infinity)
        judge([Date(timeIntervalSinceReferenceDate: .infinity)])
    }

    @Test func `nothing encoded fails alone and is an empty object inside`() throws {
        #expect(failure { _ = try JSONValueEncoder().encode(EncodesNothing()) } != nil)
        #expect(failure { _ = try JSONEncoder().encode(EncodesNothing()) } != nil)
        #expect(try JSONValueEncoder().encode([EncodesNothing()]).text == "[{}]")
        #expect(try JSONEncoder().encode([EncodesNothing()]) == Data("[{}]".utf8))
    }

    @Test func `a decimal that is no number fails`() {
        #expect(failure { _ = try JSONValueEncoder().encode([Decimal.nan]) } != nil)
    }
}
