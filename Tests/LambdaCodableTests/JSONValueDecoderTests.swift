import FoundationEssentials
import JSON
import LambdaCodable
import Testing

/// Texts that do not fit: the same case of `DecodingError` as Foundation's, at the same place.
@Suite struct JSONValueDecoderTests {
    /// The case and the place of an error; the place of a number that does not fit is ours alone.
    private func failure(_ decode: () throws -> Void) -> String? {
        func place(_ kind: String, _ path: [any CodingKey]) -> String {
            kind + path.map { "/" + ($0.intValue.map(String.init) ?? $0.stringValue) }.joined()
        }
        do {
            try decode()
            return nil
        } catch DecodingError.keyNotFound(let key, let context) {
            return place("no \(key.stringValue) ", context.codingPath)
        } catch DecodingError.valueNotFound(let type, let context) {
            return place("no value \(type) ", context.codingPath)
        } catch DecodingError.typeMismatch(let type, let context) {
            return place("no \(type) ", context.codingPath)
        } catch DecodingError.dataCorrupted(let context) {
            let isNumber = context.codingPath.isEmpty || context.debugDescription.hasPrefix("The number ")
            return isNumber ? "bad number" : place("bad ", context.codingPath)
        } catch {
            return "\(error)"
        }
    }

    private func judge<Value: Decodable & Equatable>(_ type: Value.Type, _ text: String) {
        var ourValue: Value?
        var theirValue: Value?
        let ourFailure = failure {
            ourValue = try JSONValueDecoder().decode(type, from: try JSON(parsing: text))
        }
        let theirFailure = failure { theirValue = try JSONDecoder().decode(type, from: Data(text.utf8)) }
        #expect(ourValue == theirValue, "\(type) of \(text)")
        #expect(ourFailure == theirFailure, "\(type) of \(text)")
    }

    @Test(arguments: [
        "0", "-0", "1", "-1", "127", "128", "-128", "-129", "255", "256", "65536", "2147483648",
        "-2147483649",
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
        "1.0", "1.5", "1e3", "1E+2", "1e-2", "100e-2", "-1.0", "1e19", "1e20",
        "1e400", "-1e400",
        "1e-400", "0e-400", "0.0", "9007199254740993", "9007199254740993.0",
        "12345678901234567890123456789012345678",
        "\"1\"", "null", "true", "[]", "{}",
    ])
    func `a number fits the types that it fits in Foundation`(text: String) {
        let text = "[\(text)]"
        judge([Int].self, text)
        judge([Int8].self, text)
        judge([Int16].self, text)
        judge([Int32].self, text)
        judge([Int64].self, text)
        judge([UInt].self, text)
        judge([UInt8].self, text)
        judge([UInt16].self, text)
        judge([UInt32].self, text)
        judge([UInt64].self, text)
        judge([Double].self, text)
        judge([Float].self, text)
        judge([Decimal].self, text)
        judge([Date].self, text)
        judge([String].self, text)
    }

    /// Foundation refuses the first, and the others altogether.
    @Test func `the largest integers are exact`() throws {
        #expect(
            try JSONValueDecoder().decode(UInt64.self, from: JSON(parsing: "1.8446744073709551615e19"))
                == .max)
        let least = "-170141183460469231731687303715884105728"
        #expect(try JSONValueDecoder().decode([Int128].self, from: JSON(parsing: "[\(least)]")) == [.min])
        #expect(try JSONValueEncoder().encode([Int128.min]).text == "[\(least)]")
        let most = "340282366920938463463374607431768211455"
        #expect(try JSONValueDecoder().decode([UInt128].self, from: JSON(parsing: "[\(most)]")) == [.max])
        #expect(try JSONValueEncoder().encode([UInt128.max]).text == "[\(most)]")
    }

    @Test(arguments: [
        #"{}"#, #"[]"#, #"null"#, #"3"#, #"{"list":null}"#, #"{"list":[[1,null],[true]]}"#,
        #"{"list":[],"table":{"a":["good","worse"]}}"#, #"{"list":[],"table":{"a":[null]}}"#,
        #"{"list":[],"table":{},"numbered":{"x":"y"}}"#, #"{"list":[],"table":{},"numbered":{"1":2}}"#,
        #"{"list":[],"table":{},"numbered":{},"pairs":["good"]}"#,
        #"{"list":[],"table":{},"numbered":{},"pairs":["good",1],"shapes":[{"circle":{}}]}"#,
        #"{"list":[],"table":{},"numbered":{},"pairs":[],"shapes":[{"circle":{"radius":1},"empty":{}}]}"#,
        #"{"list":[],"table":{},"numbered":{},"pairs":[],"shapes":[{}]}"#,
        #"{"list":[],"table":{},"numbered":{},"pairs":[],"shapes":[{"empty":{}}],"optional":3}"#,
        #"{"list":[],"table":{},"numbered":{},"pairs":[],"shapes":[{"named":{"_0":"a","_1":2}}],"optional":null}"#,
    ])
    func `an object fails where Foundation fails`(text: String) { judge(Nested.self, text) }

    @Test(arguments: [
        #"{"inner":{"":"w"},"list":[[1,null],{"":2},[]]}"#, #"{"inner":[],"list":[]}"#,
        #"{"inner":{"":"w"}}"#,
        #"{"inner":{"":"w"},"list":[]}"#, #"{"inner":{"":"w"},"list":[[]]}"#,
        #"{"inner":{"":"w"},"list":[[1]]}"#,
        #"{"inner":{"":"w"},"list":[[1,null]]}"#, #"{"inner":{"":"w"},"list":[[1,null],3]}"#,
        #"{"inner":{"":"w"},"list":[[1,null],{"":null},[]]}"#, #"{"inner":null,"list":[]}"#,
    ])
    func `containers by hand fail where Foundation's fail`(text: String) { judge(ByHand.self, text) }

    @Test func `texts that are no data or address fail as Foundation's`() {
        judge([Data].self, #"["AA"]"#)
        judge([Data].self, #"["AAH+/w=="]"#)
        judge([Data].self, "[1]")
        judge([Data].self, "[null]")
        judge([URL].self, #"[""]"#)
        judge([URL].self, #"["a b"]"#)
        judge([URL].self, "[false]")
        judge([Decimal].self, #"["1"]"#)
    }

    @Test func `an absent superclass is null`() throws {
        let failure = failure { _ = try JSONValueDecoder().decode(Dog.self, from: ["age": 1]) }
        #expect(
            failure == self.failure { _ = try JSONDecoder().decode(Dog.self, from: Data(#"{"age":1}"#.utf8)) }
        )
        #expect(failure != nil)
    }
}
