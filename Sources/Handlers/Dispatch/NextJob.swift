import ComfyUI

/// The queued job that a slot will be offered next, read while the slot's present job ends, so that the worker does not wait for
/// the reading. Nothing is claimed by it: who claims the job first has it.
struct NextJob: Sendable {
    let candidate: Candidate
    /// As it was read: its claim is conditional on that.
    let job: Job
    /// Who comes after it, when somebody else has it by then.
    let behind: [Candidate]
    /// The job's; nil when it was not read.
    var workflow: WorkflowGraph?

    /// How many stand behind: as many as other dispatchers may have claimed meanwhile.
    static let reserve = 4
}
