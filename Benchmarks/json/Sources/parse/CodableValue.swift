import Foundation

/// JSON of any shape through `Codable`: what one writes who has no parser of one's own.
enum CodableValue: Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([CodableValue])
    case object([String: CodableValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let object = try? container.decode([String: CodableValue].self) {
            self = .object(object)
        } else if let array = try? container.decode([CodableValue].self) {
            self = .array(array)
        } else if let string = try? container.decode(String.self) {
            self = .string(string)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else {
            self = .null
        }
    }

    /// How many members the text's object has: the parse must have happened to know.
    var count: Int {
        if case .object(let members) = self { members.count } else { 0 }
    }
}
