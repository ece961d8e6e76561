import AWSClients
import JSON
import Time

/// What the sweep sees each minute, as `GET /metrics` tells it: how long the queue is, and the GPUs' memory.
struct MetricGauges: Sendable, Hashable {
    /// A GPU of a worker, in bytes.
    struct Memory: Sendable, Hashable {
        var worker: String
        var gpu: String
        var total: Int
        var free: Int
        var used: Int { max(0, total - free) }
    }

    var at: Timestamp
    /// By band; nil when it could not be counted.
    var queued: [Job.Band: Int]?
    var memory: [Memory] = []

    /// Of a sweep that has stopped nothing is true any more.
    private static let lifetime: Duration = .seconds(300)
    /// A page of DynamoDB is not to be filled by one item.
    private static let maximumGPUs = 1000

    init(at: Timestamp, queued: [Job.Band: Int]?, memory: [Memory]) {
        self.at = at
        self.queued = queued
        self.memory = Array(memory.prefix(Self.maximumGPUs))
    }

    func isCurrent(at now: Timestamp) -> Bool { now - at < Self.lifetime }

    var item: Item {
        var item: Item = ["at": .n(at.milliseconds)]
        if let queued {
            item["queued"] = .m(
                Dictionary(uniqueKeysWithValues: queued.map { ("\($0.key)", AttributeValue.n($0.value)) }))
        }
        item["memory"] = .l(
            memory.map {
                .m(["worker": .s($0.worker), "gpu": .s($0.gpu), "total": .n($0.total), "free": .n($0.free)])
            })
        return item
    }

    /// What `item` wrote.
    init?(_ item: Item) {
        guard let at = item["at"]?.int64 else { return nil }
        self.at = Timestamp(milliseconds: at)
        queued = item["queued"]?.map.map { map in
            Dictionary(uniqueKeysWithValues: Job.Band.allCases.map { ($0, map["\($0)"]?.int ?? 0) })
        }
        memory = (item["memory"]?.list ?? []).compactMap(\.map).compactMap { map in
            guard let worker = map["worker"]?.string, let gpu = map["gpu"]?.string,
                let total = map["total"]?.int, let free = map["free"]?.int
            else { return nil }
            return Memory(worker: worker, gpu: gpu, total: total, free: free)
        }
    }
}

extension MetricGauges.Memory {
    private static let maximumDevices = 16

    /// The GPUs of `/system_stats`; a CPU, which ComfyUI lists where there is no GPU, is none.
    static func read(_ systemStats: JSON, of worker: String) -> [MetricGauges.Memory] {
        (systemStats["devices"]?.array ?? []).prefix(maximumDevices).compactMap { device in
            guard device["type"]?.string != "cpu", let total = device["vram_total"]?.int, total >= 0,
                let free = device["vram_free"]?.int, free >= 0
            else { return nil }
            return .init(worker: worker, gpu: "\(device["index"]?.int ?? 0)", total: total, free: free)
        }
    }
}
