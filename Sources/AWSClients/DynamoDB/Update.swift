/// One clause of an update expression. Paths are as in `Condition`.
public enum Update: Sendable, Hashable {
    /// Sets it, whether or not there was one.
    case set(String, AttributeValue)
    /// Sets it only where there is none.
    case setIfAbsent(String, AttributeValue)
    /// Removes it.
    case remove(String)
    /// Adds to a number (an absent one is 0) or to a set.
    case add(String, AttributeValue)
    /// Takes elements out of a set.
    case delete(String, AttributeValue)
    /// Appends to a list (an absent one is empty).
    case append(String, [AttributeValue])
}
