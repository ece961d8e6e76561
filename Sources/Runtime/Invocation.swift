/// An event, and what must be said when it is answered.
struct Invocation: Sendable {
    var context: InvocationContext
    var event: [UInt8]
    /// Echoed when the event carried it, so that a late answer is not taken for another invocation's.
    var invocationID: String?
}
