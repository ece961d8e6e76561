/// What a job took of its user's day.
extension Job {
    struct Charge: Sendable, Hashable {
        /// `2026-01-31`, in UTC.
        let day: String
        let images: Int
        /// Set by the write that ends the job: its user has these pictures again.
        var isReturned = false
    }

    /// Whether a job that has ended gives back what it took: it failed through no fault of its user, or never ran.
    var givesBack: Bool {
        switch (state, failure?.code) {
        case (.failed, .workerLost), (.failed, .storageFailed): true
        // Nobody was free for it.
        case (.failed, .timeout): startedAt == nil
        case (.cancelled, _): startedAt == nil
        default: false
        }
    }
}
