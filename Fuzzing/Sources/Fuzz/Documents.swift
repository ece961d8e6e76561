@testable import AWSClients
import JSON
import LambdaRuntime
import Time

/// What is read is written and read again as it was.
func fuzzXML(_ bytes: [UInt8]) {
    guard let root = try? XMLElement(parsing: bytes) else { return }
    func write(_ element: XMLElement) -> String {
        "<\(element.name)>\(XMLElement.escape(element.text))\(element.children.map(write).joined())</\(element.name)>"
    }
    let again = try? XMLElement(parsing: Array(write(root).utf8))
    precondition(again == root, "the document reads back otherwise")
}

/// What is read is written and read again as it was.
func fuzzJSON(_ bytes: [UInt8]) {
    guard let value = try? JSON(parsing: bytes) else { return }
    precondition((try? JSON(parsing: value.serialized())) == value, "the value reads back otherwise")
    _ = AttributeValue(value)
}

/// A date that is read is written in the one form that is sent, and that form means the same moment.
func fuzzHTTPDate(_ bytes: [UInt8]) {
    guard let time = Timestamp(httpDate: String(decoding: bytes, as: UTF8.self)) else { return }
    precondition(Timestamp(httpDate: time.httpDate) == time, "the date reads back otherwise")
}

/// Any bytes are an event or an error.
func fuzzEvent(_ bytes: [UInt8]) {
    _ = try? LambdaEvent(decoding: bytes)
}
