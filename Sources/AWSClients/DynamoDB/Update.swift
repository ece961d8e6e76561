/// One clause of an update expression.
public enum Update: Sendable, Hashable {
    /// Sets it, whether or not there was one.
    case set(AttributePath, AttributeValue)
    /// Sets it only where there is none.
    case setIfAbsent(AttributePath, AttributeValue)
    /// Removes it.
    case remove(AttributePath)
    /// Adds to a number (an absent one is 0) or to a set.
    case add(AttributePath, AttributeValue)
    /// Takes elements out of a set.
    case delete(AttributePath, AttributeValue)
    /// Appends to a list (an absent one is empty).
    case append(AttributePath, [AttributeValue])
}
