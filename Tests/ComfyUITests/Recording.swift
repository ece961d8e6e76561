import JSON
import TestSupport
import Testing

@testable import ComfyUI

/// One recorded file of `Tests/Fixtures/comfyui`: HTTP exchanges and the frames of sockets.
struct Recording {
    let json: JSON

    init(_ name: String) throws {
        json = try JSON(parsing: try Fixtures.bytes("comfyui/\(name).json"))
    }

    /// Every recording that has exchanges or sockets, both versions.
    static let names: [String] = {
        let current = (try? Fixtures.list("comfyui", ending: ".json")) ?? []
        let older = (try? Fixtures.list("comfyui/v0.3.64", ending: ".json")) ?? []
        return (current + older.map { "v0.3.64/\($0)" }).map { String($0.dropLast(5)) }
            .filter { !$0.contains("object") && !$0.contains("system-stats") && !$0.contains("52-timing") }
    }()

    /// `(request, response)` in order.
    var exchanges: [(request: JSON, response: JSON)] {
        (json["http"]?.array ?? []).compactMap { exchange in
            guard let request = exchange["request"], let response = exchange["response"] else { return nil }
            return (request, response)
        }
    }

    /// The answer to the exchange of this `case`, status and JSON body.
    func answer(_ name: String) -> (status: Int, body: JSON)? {
        (json["http"]?.array ?? []).first { $0["case"]?.string == name }.flatMap { exchange in
            guard let status = exchange["response"]?["status"]?.int else { return nil }
            return (status, exchange["response"]?["body"]?["json"] ?? .null)
        }
    }

    /// Every text frame that the server sent on socket `index`, as text.
    func frames(_ index: Int = 0) -> [String] {
        (json["ws"]?[index]?["frames"]?.array ?? []).compactMap { frame in
            frame["dir"]?.string == "server->client" ? frame["text"]?.text : nil
        }
    }

    /// The sockets recorded.
    var socketCount: Int { json["ws"]?.array?.count ?? 0 }

    /// The history entries in it by prompt id, each once.
    var histories: [(promptID: String, entry: JSON)] {
        var seen: Set<String> = []
        return exchanges.filter { $0.request["path"]?.string?.hasPrefix("/history") ?? false }
            .flatMap { Array($0.response["body"]?["json"]?.object ?? [:]) }
            .filter { seen.insert($0.key).inserted }
            .map { ($0.key, $0.value) }
    }

    /// The history entry whose prompt id begins with this.
    func history(_ prefix: String) throws -> HistoryEntry {
        try #require(histories.first { $0.promptID.hasPrefix(prefix) }.flatMap { HistoryEntry($0.entry) })
    }

    /// The graph of the n-th `POST /prompt`.
    func prompt(_ index: Int = 0) -> JSON? {
        exchanges.compactMap { $0.request["body"]?["json"]?["prompt"] }.dropFirst(index).first
    }
}
