import AWSClients
import JSON

/// Turns a job's page into what its user sees, with addresses and the place in the queue.
struct JobPresenter: Sendable {
    let services: Services

    /// `countsQueue` costs up to fourteen queries, so that only who asks for one job gets it.
    func json(_ page: JobDocuments.Page, countsQueue: Bool = false) async throws -> JSON {
        var addresses: [Int: OutputAddress] = [:]
        let maker = OutputAddresses(services: services)
        for output in page.job.outputs {
            addresses[output.index] = try await maker.address(of: output)
        }
        var view = JobView(page, addresses: addresses)
        if countsQueue, page.job.state == .queued {
            view.queuePosition = await services.store.queuePosition(of: page.job)
            view.estimate = await Estimator(services: services)
                .estimate(of: page.job, position: view.queuePosition)
        }
        view.costPerGPUSecond = services.configuration.costPerGPUSecond
        return view.json(at: services.now)
    }
}
