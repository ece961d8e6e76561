import HTTP
import Testing

@Suite struct HTTPHeadersTests {
    @Test func namesCompareWithoutCase() {
        var headers: HTTPHeaders = ["Content-Type": "a", "X-A": "1", "x-a": "2"]
        #expect(headers["content-type"] == "a")
        #expect(headers["X-a"] == "1, 2")
        #expect(headers.values("x-A") == ["1", "2"])
        #expect(headers.contains("CONTENT-TYPE"))
        #expect(!headers.contains("content"))
        #expect(headers["missing"] == nil)
        headers["x-A"] = "3"
        #expect(headers.map(\.name) == ["Content-Type", "X-A"])
        #expect(headers.map(\.value) == ["a", "3"])
        headers["X-B"] = "4"
        headers["content-type"] = nil
        #expect(headers.map(\.name) == ["X-A", "X-B"])
        #expect(headers.count == 2)
    }

    @Test func equalityKeepsOrderAndForgetsCase() {
        let headers: HTTPHeaders = ["A": "1", "B": "2"]
        #expect(headers == ["a": "1", "b": "2"])
        #expect(headers.hashValue == (["a": "1", "b": "2"] as HTTPHeaders).hashValue)
        #expect(headers != ["b": "2", "a": "1"])
        #expect(headers != ["a": "1", "b": "3"])
        // `[` and `{` differ in the bit that makes a letter small, and are no letters.
        #expect((["[": "1"] as HTTPHeaders)["{"] == nil)
    }
}
