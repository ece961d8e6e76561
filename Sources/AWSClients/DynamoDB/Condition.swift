/// A condition on an item (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html).
/// Placeholders for its names and values are made when it is sent, so that reserved words and user text can neither
/// break it nor inject into it.
public indirect enum Condition: Sendable, Hashable {
    /// How two values are compared.
    public enum Comparator: String, Sendable {
        /// Equal.
        case equal = "="
        /// Not equal.
        case notEqual = "<>"
        /// Less.
        case less = "<"
        /// Less or equal.
        case lessOrEqual = "<="
        /// Greater.
        case greater = ">"
        /// Greater or equal.
        case greaterOrEqual = ">="
    }

    /// `attribute_exists`
    case exists(AttributePath)
    /// `attribute_not_exists`
    case notExists(AttributePath)
    /// `attribute_type`: `S`, `N`, `B`, `BOOL`, `NULL`, `L`, `M`, `SS`, `NS` or `BS`.
    case hasType(AttributePath, String)
    /// `=`
    case equals(AttributePath, AttributeValue)
    /// `<>`
    case notEquals(AttributePath, AttributeValue)
    /// `<`
    case less(AttributePath, AttributeValue)
    /// `<=`
    case lessOrEqual(AttributePath, AttributeValue)
    /// `>`
    case greater(AttributePath, AttributeValue)
    /// `>=`
    case greaterOrEqual(AttributePath, AttributeValue)
    /// `BETWEEN … AND …`, both ends included.
    case between(AttributePath, AttributeValue, AttributeValue)
    /// `begins_with`, on strings.
    case beginsWith(AttributePath, String)
    /// `contains`: a part of a string, an element of a set or list.
    case contains(AttributePath, AttributeValue)
    /// `IN`, 1 to 100 values.
    case oneOf(AttributePath, [AttributeValue])
    /// `size`: the length of a string or of bytes, the count of a list, map or set.
    case size(AttributePath, Comparator, Int)
    /// One attribute compared with another of the same item.
    case compare(AttributePath, Comparator, AttributePath)
    /// All of them, at least one.
    case and([Condition])
    /// Any of them, at least one.
    case or([Condition])
    /// The contrary.
    case not(Condition)
}
