import AWSClients
import JSON

/// What a worker says of itself (`/system_stats`): version and memory, for those who run it.
struct WorkerReport: Sendable, Hashable {
    /// A GPU, or the CPU where there is none.
    struct Device: Sendable, Hashable {
        var name: String
        /// In bytes.
        var memory: Memory
    }

    /// In bytes; nil where the worker does not say.
    struct Memory: Sendable, Hashable {
        var total: Int?
        var free: Int?
    }

    var version: String?
    var ram = Memory()
    var devices: [Device] = []

    private static let maximumDevices = 16
    private static let maximumLength = 100

    /// Of the worker's answer, bounded; what is not there is nil.
    init(systemStats: JSON) {
        let system = systemStats["system"]
        version = system?["comfyui_version"]?.string.map { String($0.prefix(Self.maximumLength)) }
        ram = Memory(total: Self.bytes(system?["ram_total"]), free: Self.bytes(system?["ram_free"]))
        devices = (systemStats["devices"]?.array ?? []).prefix(Self.maximumDevices).map { device in
            Device(
                name: String((device["name"]?.string ?? "").prefix(Self.maximumLength)),
                memory: Memory(
                    total: Self.bytes(device["vram_total"]), free: Self.bytes(device["vram_free"])))
        }
    }

    private static func bytes(_ json: JSON?) -> Int? { json?.int.flatMap { $0 >= 0 ? $0 : nil } }
}

extension WorkerReport {
    /// As a worker's item has it.
    var attribute: AttributeValue {
        var map = Self.encode(ram)
        map["version"] = version.map { .s($0) }
        map["devices"] = .l(
            devices.map { device in .m(Self.encode(device.memory).merging(["name": .s(device.name)]) { $1 }) }
        )
        return .m(map)
    }

    /// What `attribute` wrote.
    init?(_ attribute: AttributeValue?) {
        guard let map = attribute?.map else { return nil }
        version = map["version"]?.string
        ram = Self.memory(map)
        devices = (map["devices"]?.list ?? []).compactMap(\.map)
            .map { Device(name: $0["name"]?.string ?? "", memory: Self.memory($0)) }
    }

    private static func encode(_ memory: Memory) -> Item {
        var map: Item = [:]
        map["total"] = memory.total.map { .n($0) }
        map["free"] = memory.free.map { .n($0) }
        return map
    }

    private static func memory(_ map: Item) -> Memory {
        Memory(total: map["total"]?.int, free: map["free"]?.int)
    }
}
