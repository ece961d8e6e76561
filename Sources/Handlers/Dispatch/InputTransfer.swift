import AWSClients
import ComfyUI
import HTTP
import JSON

/// Brings a run's inputs to its worker, each under a name of the run's own, in bounded memory.
struct InputTransfer: Sendable {
    let services: Services
    let client: ComfyUIClient
    let user: String
    /// Unique for each attempt of a job.
    let promptID: String

    /// What the user's own servers may send.
    static let maximumFetchBytes = 32 << 20
    private static let folder = "comfy-lambda"

    /// Why the inputs are not there.
    enum Failure: Error {
        /// It is no use to try again.
        case unusable(Job.Failure)
        case worker(ComfyUIError)
        case storage(AWSError)
    }

    /// A file's bytes on their way.
    private struct Source {
        var fileExtension: String
        /// nil when it is not known.
        var length: Int?
        var next: @Sendable () async throws -> [UInt8]?
    }

    /// Whether there is anything to bring.
    static func isNeeded(for graph: WorkflowGraph) -> Bool {
        graph.uploadInputs(.standard).contains { InputReference($0.text) != nil }
    }

    /// The graph as the worker is to have it.
    func transfer(_ graph: WorkflowGraph) async throws(Failure) -> WorkflowGraph {
        var names: [String: String] = [:]
        for upload in graph.uploadInputs(.standard) where names[upload.text] == nil {
            guard let reference = InputReference(upload.text) else { continue }
            let source = try await open(reference, upload)
            do throws(ComfyUIError) {
                names[upload.text] = try await client.uploadImage(
                    filename: "\(promptID)-\(names.count).\(source.fileExtension)", length: source.length,
                    subfolder: Self.folder, overwrite: true, next: source.next)
            } catch {
                throw Self.failure(error, upload)
            }
        }
        var graph = graph
        graph.renameUploads(names, .standard)
        return graph
    }

    private func open(_ reference: InputReference, _ upload: WorkflowGraph.UploadInput) async throws(Failure)
        -> Source
    {
        switch reference {
        case .file(let id):
            do throws(AWSError) {
                let store = FileStore(services)
                if let file = try await store.known(id, of: user, at: services.now),
                    let type = PictureCheck.Format(rawValue: file.contentType),
                    let body = try await store.body(of: file)
                {
                    return Source(fileExtension: type.fileExtension, length: file.bytes) {
                        try await body.next()
                    }
                }
            } catch {
                guard error.code == .noSuchKey || error.code == .preconditionFailed else {
                    throw .storage(error)
                }
            }
            throw Self.unusable(upload, "is no longer there")
        case .address(let url): return try await fetch(url, upload)
        case .data: throw Self.unusable(upload, "is no file")
        }
    }

    /// The beginning is looked at before anything is sent on.
    private func fetch(_ url: URL, _ upload: WorkflowGraph.UploadInput) async throws(Failure) -> Source {
        var request = HTTPClient.Request(
            .get, url, headers: ["Accept": "image/png, image/jpeg, image/webp"])
        request.addressGuard = services.addressGuard
        request.maximumRedirects = 3
        request.responseLimit = Self.maximumFetchBytes
        request.timeouts.idle = .seconds(10)
        let response: HTTPClient.StreamingResponse
        var head: [UInt8] = []
        do throws(HTTPError) {
            response = try await services.http.stream(request)
            // Of an error's page nothing is wanted.
            while response.head.status == 200, head.count < MediaType.headLength,
                let piece = try await response.next()
            {
                head += piece
            }
        } catch {
            throw Self.failure(error, upload)
        }
        guard response.head.status == 200 else {
            throw Self.unusable(upload, "was answered with status \(response.head.status)")
        }
        let picture: PictureCheck
        do throws(PictureCheck.Refusal) {
            picture = try PictureCheck(
                head: head, maximumPixels: services.configuration.maximumImagePixels)
        } catch {
            throw Self.unusable(upload, error.reason)
        }
        let pieces = FetchedPieces(head: head, response)
        return Source(fileExtension: picture.type.fileExtension) { try await pieces.next() }
    }

    /// What the source of an upload threw is the source's, everything else the worker's.
    private static func failure(_ error: ComfyUIError, _ upload: WorkflowGraph.UploadInput) -> Failure {
        guard let exchange = error.underlying as? HTTPError, exchange.code == .bodySource else {
            return .worker(error)
        }
        switch exchange.underlying {
        case let error as AWSError: return .storage(error)
        case let error as HTTPError: return failure(error, upload)
        default: return .worker(error)
        }
    }

    /// A user's server that does not answer as it should fails the job: its user can mend that, and nobody else.
    private static func failure(_ error: HTTPError, _ upload: WorkflowGraph.UploadInput) -> Failure {
        switch error.code {
        case .cancelled: .worker(ComfyUIError(.cancelled, "The task was cancelled."))
        case .responseTooLarge: unusable(upload, "has more than \(maximumFetchBytes) bytes")
        case .forbiddenAddress: unusable(upload, "is at no https address of the public internet")
        default: unusable(upload, "could not be fetched (\(error.code.rawValue))")
        }
    }

    private static func unusable(_ upload: WorkflowGraph.UploadInput, _ reason: String) -> Failure {
        let message = "The picture for '\(upload.input)' of node \(upload.nodeID) \(reason)."
        return .unusable(
            .init(
                .workflowRejected, message,
                details: [
                    "errors": [
                        [
                            "node_id": .string(upload.nodeID), "class_type": .string(upload.classType),
                            "input": .string(upload.input), "code": "input_unavailable",
                            "message": .string(message),
                        ]
                    ]
                ]))
    }
}

/// What was read of a response already, then the rest.
private actor FetchedPieces {
    private var head: [UInt8]?
    private let response: HTTPClient.StreamingResponse

    init(head: [UInt8], _ response: HTTPClient.StreamingResponse) {
        self.head = head
        self.response = response
    }

    func next() async throws -> [UInt8]? {
        if let head = head.take() { return head }
        return try await response.next()
    }
}
