import AWSClients
import JSON

/// Turns a job's page into what its user sees, with addresses and the place in the queue.
struct JobPresenter: Sendable {
    let services: Services

    /// `countsQueue` costs up to twelve queries, so that only who asks for one job gets it.
    func json(_ page: JobDocuments.Page, countsQueue: Bool = false) async throws -> JSON {
        var addresses: [Int: OutputAddress] = [:]
        let maker = OutputAddresses(services: services)
        for output in page.job.outputs {
            addresses[output.index] = try await maker.address(of: output)
        }
        var position: Int?
        if countsQueue, page.job.state == .queued {
            position = await services.store.queuePosition(of: page.job)
        }
        return JobView(
            page, addresses: addresses, queuePosition: position,
            costPerGPUSecond: services.configuration.costPerGPUSecond
        ).json(at: services.now)
    }
}
