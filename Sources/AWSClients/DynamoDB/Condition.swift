/// A condition on an item; placeholders are made when it is sent, so that reserved words and user text can neither
/// break nor inject. A path is `a` or `a.b` (members of maps), each part quoted: user text belongs into values, since
/// a dot in a path is always a step into a map.
public indirect enum Condition: Sendable, Hashable {
    /// `attribute_exists`
    case exists(String)
    /// `attribute_not_exists`
    case notExists(String)
    /// `=`
    case equals(String, AttributeValue)
    /// `<>`
    case notEquals(String, AttributeValue)
    /// `<`
    case less(String, AttributeValue)
    /// `<=`
    case lessOrEqual(String, AttributeValue)
    /// `>`
    case greater(String, AttributeValue)
    /// `>=`
    case greaterOrEqual(String, AttributeValue)
    /// `BETWEEN … AND …`, both ends included.
    case between(String, AttributeValue, AttributeValue)
    /// `begins_with`, on strings.
    case beginsWith(String, String)
    /// `contains`: a part of a string, an element of a set or list.
    case contains(String, AttributeValue)
    /// `IN`, 1 to 100 values.
    case oneOf(String, [AttributeValue])
    /// All of them, at least one.
    case and([Condition])
    /// Any of them, at least one.
    case or([Condition])
    /// The contrary.
    case not(Condition)
}
