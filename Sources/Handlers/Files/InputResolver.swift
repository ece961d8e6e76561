import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON

/// Looks up what a graph's upload inputs name, as the user who runs it, before anything of the job is stored.
struct InputResolver: Sendable {
    let services: Services
    let user: String

    /// Of one graph.
    static let maximumInputs = 20

    /// A graph whose inputs name files and addresses only, and what was found on the way.
    struct Resolved: Sendable {
        var graph: WorkflowGraph
        /// The texts that stand for something.
        var known: Set<String> = []
        var faults: [WorkflowFault] = []
        /// Pictures out of the graph, which names them as files by now.
        var inline: [InlineFile] = []
    }

    func resolve(_ graph: WorkflowGraph, _ catalog: NodeCatalog) async throws(AWSError) -> Resolved {
        var resolved = Resolved(graph: graph)
        let uploads = graph.uploadInputs(catalog)
        guard uploads.count <= Self.maximumInputs else {
            resolved.faults.append(
                WorkflowFault(
                    code: "too_many_inputs",
                    message:
                        "The workflow loads \(uploads.count) pictures; \(Self.maximumInputs) are allowed."))
            resolved.known = Set(uploads.map(\.text))
            return resolved
        }
        var names: [String: String] = [:]
        var refusals: [String: PictureCheck.Refusal] = [:]
        for text in Set(uploads.map(\.text)) {
            switch try await look(at: text) {
            case nil: continue
            case .taken: break
            case .inline(let file):
                names[text] = "file:\(file.file.id)"
                resolved.inline.append(file)
            case .refused(let refusal):
                refusals[text] = refusal
                // One fault is enough: what is long is not found too long as well.
                if text.utf8.count > 2048 { names[text] = "data:" }
            }
            resolved.known.insert(names[text] ?? text)
        }
        for upload in uploads {
            guard let refusal = refusals[upload.text] else { continue }
            resolved.faults.append(
                WorkflowFault(
                    nodeID: upload.nodeID, classType: upload.classType, input: upload.input,
                    code: refusal.code, message: "The picture \(refusal.reason)."))
        }
        resolved.graph.renameUploads(names, catalog)
        return resolved
    }

    private enum Finding {
        case taken
        case inline(InlineFile)
        case refused(PictureCheck.Refusal)
    }

    /// nil for what is no reference.
    private func look(at text: String) async throws(AWSError) -> Finding? {
        switch InputReference(text) {
        case nil: return nil
        case .file(let id): return try await look(atFile: id)
        case .address(let url):
            return services.addressGuard.permits(url)
                ? .taken
                : .refused(
                    .init(
                        code: "address_not_allowed", reason: "is at no https address of the public internet"))
        case .data:
            do throws(PictureCheck.Refusal) {
                return .inline(
                    try InlineFile(
                        dataURI: text, user: user,
                        maximumPixels: services.configuration.maximumImagePixels, at: services.now))
            } catch {
                return .refused(error)
            }
        }
    }

    private func look(atFile id: UUID) async throws(AWSError) -> Finding {
        let file = try await FileStore(services).file(id, of: user, at: services.now)
        switch file?.state {
        case nil: return .refused(.init(code: "file_not_found", reason: "is no file of yours"))
        case .pending: return .refused(.init(code: "file_not_uploaded", reason: "is not uploaded yet"))
        case .rejected(let reason):
            return .refused(.init(code: "file_rejected", reason: "was refused: \(reason)"))
        case .ready: return .taken
        }
    }
}
