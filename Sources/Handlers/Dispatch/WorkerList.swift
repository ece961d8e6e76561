import HTTP
import JSON

/// The workers that the configuration names: `COMFYUI_URLS`, and for those it says nothing special of `COMFYUI_LABELS`,
/// `COMFYUI_SLOTS` and `COMFYUI_AUTHORIZATION`.
///
/// `COMFYUI_URLS` is a comma-separated list of addresses, or a JSON list whose entries are addresses or
/// `{"url", "slots", "labels", "authorization"}`.
struct WorkerList: Sendable {
    /// What a worker has unless its entry says otherwise.
    struct Defaults: Sendable {
        var labels: [String] = []
        var slots = 1
        var authorization: WorkerAuthorization?
    }

    private static let variable = "COMFYUI_URLS"
    private static let slotRange = 1...16

    /// The workers of `text`, each address once. An error says which entry is wrong and never shows an authorization.
    static func parse(_ text: String, _ defaults: Defaults) throws(Configuration.Invalid) -> [Worker] {
        var workers: [Worker] = []
        if text.first == "[" {
            guard let entries = (try? JSON(parsing: text))?.array else {
                throw invalid("a text that is no JSON list", "a JSON list of addresses and objects")
            }
            for (index, entry) in entries.enumerated() {
                workers.append(try worker(entry, "entry \(index + 1)", defaults))
            }
        } else {
            for part in text.split(separator: ",") {
                let address = part.drop { $0 == " " }
                guard let end = address.lastIndex(where: { $0 != " " }) else { continue }
                workers.append(
                    try worker(at: String(address[...end]), String(address[...end]), defaults))
            }
        }
        var known: Set<String> = []
        for worker in workers where !known.insert(worker.id).inserted {
            throw invalid("\(worker.address.redacted) twice", "each address once")
        }
        return workers
    }

    private static func worker(_ entry: JSON, _ place: String, _ defaults: Defaults)
        throws(Configuration.Invalid) -> Worker
    {
        if let address = entry.string { return try worker(at: address, address, defaults) }
        guard let members = entry.object, let address = members["url"]?.string else {
            throw invalid(place, "an address, or an object with the address as url")
        }
        var found = try worker(at: address, address, defaults)
        for (name, value) in members {
            switch name {
            case "url": break
            case "slots":
                guard let slots = value.int, slotRange.contains(slots) else {
                    throw invalid("slots of \(place)", "a whole number from 1 to 16")
                }
                found.slots = slots
            case "labels":
                guard let labels = value.array?.map(\.string), !labels.contains(nil) else {
                    throw invalid("labels of \(place)", "a list of texts")
                }
                found.labels = labels.compactMap(\.self)
            case "authorization":
                guard let text = value.string else {
                    throw invalid("authorization of \(place)", "a text, best secret:ARN")
                }
                found.authorization = WorkerAuthorization(text)
            default:
                throw invalid("'\(name)' of \(place)", "url, slots, labels or authorization")
            }
        }
        return found
    }

    private static func worker(at text: String, _ place: String, _ defaults: Defaults)
        throws(Configuration.Invalid) -> Worker
    {
        guard let url = URL(text), url.scheme == "http" || url.scheme == "https", url.query == nil else {
            throw invalid(place, "a comma-separated list of http:// or https:// addresses")
        }
        return Worker(address: url, defaults)
    }

    private static func invalid(_ found: String, _ expected: String) -> Configuration.Invalid {
        Configuration.Invalid(variable: variable, found: found, expected: expected)
    }
}

/// A name behind which the workers stand: `COMFYUI_DNS`.
struct WorkerName: Sendable, Hashable {
    let host: String
    let port: Int

    /// ComfyUI's own.
    private static let standardPort = 8188

    /// `host` or `host:port`; nil for anything else.
    init?(_ text: String) {
        guard let url = URL("http://\(text)"), url.path == "/", url.query == nil, !text.hasSuffix("/"),
            url.host.contains(where: \.isLetter), !url.host.contains(":")
        else { return nil }
        host = url.host
        port = url.port ?? Self.standardPort
    }

    /// The worker at one of the name's addresses.
    func worker(at address: String, _ defaults: WorkerList.Defaults) -> Worker? {
        let host = address.contains(":") ? "[\(address)]" : address
        guard let url = URL("http://\(host):\(port)") else { return nil }
        var worker = Worker(address: url, defaults)
        worker.isFromDNS = true
        return worker
    }
}
