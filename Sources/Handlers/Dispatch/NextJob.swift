import ComfyUI

/// The queued job that a slot will be offered next, read when the slot's present job is nearly over, so that the worker does
/// not wait for the reading. Nothing is claimed by it: who claims the job first has it.
struct NextJob: Sendable {
    let candidate: Candidate
    /// As it was read: its claim is conditional on that.
    let job: Job
    /// Who comes after it, when somebody else has it by then.
    let behind: [Candidate]
    /// The job's; nil when it was not read.
    var workflow: WorkflowGraph?

    /// Whether nothing is left to do for it before `POST /prompt`: the workflow is here, and has no inputs to be brought to the worker.
    var isReadyToSend: Bool { workflow.map { !InputTransfer.isNeeded(for: $0) } ?? false }

    /// How many stand behind: as many as other dispatchers may have claimed meanwhile.
    static let reserve = 4
}
