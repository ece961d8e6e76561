public import AWSClients

/// So that an `AttributeValue` can be a member of what is encoded: a set, or a number with all its digits.
extension AttributeValue: Codable {
    /// Only by `AttributeValueDecoder`, which gives the value itself.
    public init(from decoder: any Decoder) throws {
        guard let node = decoder as? DecodingNode else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath, debugDescription: "not read by an AttributeValueDecoder"))
        }
        self = node.attribute
    }

    /// Only by `AttributeValueEncoder`, which takes the value itself.
    public func encode(to encoder: any Encoder) throws {
        guard let node = encoder as? EncodingNode else {
            throw EncodingError.invalidValue(
                self,
                .init(
                    codingPath: encoder.codingPath,
                    debugDescription: "not written by an AttributeValueEncoder"))
        }
        node.set(self)
    }
}
