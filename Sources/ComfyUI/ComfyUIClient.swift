public import HTTP
public import JSON

/// What a worker has to do, by prompt id.
public struct QueueState: Sendable, Hashable {
    /// Being run; ComfyUI runs one at a time.
    public var running: [String]
    /// Waiting, in the order of their numbers as ComfyUI lists them.
    public var pending: [String]

    /// Whether the prompt is there at all.
    public func contains(_ promptID: String) -> Bool {
        running.contains(promptID) || pending.contains(promptID)
    }
}

/// One worker's HTTP and WebSocket API. Uses the routes that ComfyUI 0.3.64 and 0.33.0 both have.
public struct ComfyUIClient: Sendable {
    let http: HTTPClient
    let address: URL
    private let authorization: (@Sendable () async throws -> String)?

    /// `address` may have a path of its own. `authorization` gives the value of the header `Authorization`, for a proxy in
    /// front of ComfyUI, which has no authentication: it is asked before every exchange, as a run may outlive a secret.
    public init(
        http: HTTPClient, address: URL, authorization: (@Sendable () async throws -> String)? = nil
    ) {
        self.http = http
        self.address = address
        self.authorization = authorization
    }

    /// Queues a prompt (`POST /prompt`) as `WorkflowGraph.submission` made it.
    ///
    /// `promptID` must be a lowercase UUID; ComfyUI does not de-duplicate by it. Throws `rejected` also for a 200
    /// with node errors, which means that some outputs were dropped: that prompt is taken back first.
    ///
    /// `previews` asks for pictures while nodes sample. ComfyUI before December 2025 takes no notice: there its `--preview-method` decides
    /// (https://github.com/Comfy-Org/ComfyUI/pull/11261).
    public func submit(_ prompt: JSON, promptID: String, clientID: String, previews: Bool = false)
        async throws(ComfyUIError)
    {
        let what = "POST /prompt"
        var body: JSON.Object = [
            "prompt": prompt, "client_id": .string(clientID), "prompt_id": .string(promptID),
        ]
        if previews { body["extra_data"] = ["preview_method": "auto"] }
        let request = try await request(.post, "/prompt", json: .object(body))
        let response: HTTPClient.Response
        do {
            response = try await http.send(request)
        } catch {
            throw ComfyUIError(error, what, isSubmission: true)
        }
        let answer = try? JSON(parsing: response.body)
        let rejection = answer.flatMap(Rejection.init)
        switch response.status {
        case 200 where answer?["prompt_id"]?.string != nil:
            guard var error = rejection?.error else { return }
            error.status = 200
            error.mayHaveBeenQueued = await !takeBack(promptID)
            throw error
        case 200:
            throw ComfyUIError(
                .unexpectedAnswer, "\(what) was answered with something that is not ComfyUI's.", status: 200,
                mayHaveBeenQueued: true)
        case 400:
            guard var error = rejection?.error else { fallthrough }
            error.status = 400
            throw error
        default: throw ComfyUIError(status: response.status, what, isSubmission: true)
        }
    }

    /// Removes a prompt that was queued a moment ago, running or not; false when that could not be done.
    private func takeBack(_ promptID: String) async -> Bool {
        do {
            try await deleteFromQueue(promptID)
            if try await queue().running.contains(promptID) { try await interrupt(promptID) }
            return true
        } catch {
            return false
        }
    }

    /// How a prompt ended (`GET /history/{id}`); nil while it is not complete there. It may come a moment after
    /// `execution_success`, and is gone after a restart of the worker.
    public func history(_ promptID: String) async throws(ComfyUIError) -> HistoryEntry? {
        let answer = try await get("/history/\(URL.percentEncode(promptID))", limit: 64 << 20)
        return answer[promptID].flatMap(HistoryEntry.init)
    }

    /// Forgets a prompt (`POST /history`); an id that is not there is no error.
    public func deleteHistory(_ promptID: String) async throws(ComfyUIError) {
        try await post("/history", ["delete": [.string(promptID)]])
    }

    /// What runs and waits (`GET /queue`).
    public func queue() async throws(ComfyUIError) -> QueueState {
        let answer = try await get("/queue", limit: 64 << 20)
        guard let running = answer["queue_running"]?.array, let pending = answer["queue_pending"]?.array
        else {
            throw ComfyUIError(
                .unexpectedAnswer, "GET /queue was answered with something that is not ComfyUI's.",
                status: 200)
        }
        // An item is [number, prompt id, graph, extra data, outputs].
        return QueueState(
            running: running.compactMap { $0[1]?.string }, pending: pending.compactMap { $0[1]?.string })
    }

    /// Removes a waiting prompt (`POST /queue`), leaving no trace anywhere; a running one stays.
    public func deleteFromQueue(_ promptID: String) async throws(ComfyUIError) {
        try await post("/queue", ["delete": [.string(promptID)]])
    }

    /// Stops a running prompt (`POST /interrupt`) when its node next looks. The caller has made sure that it is
    /// the one running: before ComfyUI 0.3.57 whatever runs is stopped.
    public func interrupt(_ promptID: String) async throws(ComfyUIError) {
        try await post("/interrupt", ["prompt_id": .string(promptID)])
    }

    /// Every node class with its inputs (`GET /object_info`): several megabytes with many custom nodes.
    public func objectInfo() async throws(ComfyUIError) -> JSON {
        try await get("/object_info", limit: 64 << 20)
    }

    /// Version, memory and devices (`GET /system_stats`).
    public func systemStats() async throws(ComfyUIError) -> JSON {
        try await get("/system_stats", limit: 1 << 20)
    }

    /// Unloads models and frees memory (`POST /free`); drops the cache of results too.
    public func free() async throws(ComfyUIError) {
        try await post("/free", ["unload_models": true, "free_memory": true])
    }

    /// The event socket (`/ws`). One socket, and never two with one client id at once: when the older closes,
    /// the newer hears nothing any more.
    public func events(clientID: String) async throws(ComfyUIError) -> WebSocket {
        var url = url("/ws", query: [("clientId", clientID)])
        url.scheme = url.scheme == "https" ? "wss" : "ws"
        let headers = try await headers()
        do {
            return try await http.webSocket(url, headers: headers)
        } catch {
            throw ComfyUIError(error, "Opening /ws")
        }
    }

    // MARK: Exchanges

    private func get(_ path: String, limit: Int) async throws(ComfyUIError) -> JSON {
        let what = "GET \(path.prefix { $0 != "?" })"
        var request = try await request(.get, path)
        request.responseLimit = limit
        let body = try await exchange(request, what)
        guard let json = try? JSON(parsing: body), json.object != nil else {
            throw ComfyUIError(
                .unexpectedAnswer, "\(what) was answered with something that is not ComfyUI's.", status: 200)
        }
        return json
    }

    private func post(_ path: String, _ body: JSON) async throws(ComfyUIError) {
        _ = try await exchange(try await request(.post, path, json: body), "POST \(path)")
    }

    /// The body of a 200; anything else is an error.
    func exchange(_ request: HTTPClient.Request, _ what: String) async throws(ComfyUIError) -> [UInt8] {
        let response: HTTPClient.Response
        do {
            response = try await http.send(request)
        } catch {
            throw ComfyUIError(error, what)
        }
        guard response.status == 200 else { throw ComfyUIError(status: response.status, what) }
        return response.body
    }

    private func request(_ method: HTTPMethod, _ path: String, json: JSON) async throws(ComfyUIError)
        -> HTTPClient.Request
    {
        var request = try await request(method, path)
        request.headers["Content-Type"] = "application/json"
        request.body = .bytes(json.serialized())
        return request
    }

    func request(_ method: HTTPMethod, _ path: String, query: [(String, String)] = [])
        async throws(ComfyUIError) -> HTTPClient.Request
    {
        var request = HTTPClient.Request(method, url(path, query: query), headers: try await headers())
        request.timeouts.total = .seconds(30)
        return request
    }

    private func headers() async throws(ComfyUIError) -> HTTPHeaders {
        guard let authorization else { return [:] }
        do {
            return ["Authorization": try await authorization()]
        } catch {
            throw ComfyUIError(
                .unreachable, "The authorization for the worker could not be read.", underlying: error)
        }
    }

    private func url(_ path: String, query: [(String, String)]) -> URL {
        var url = address
        let base = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
        url.path = base + path
        url.query =
            query.isEmpty
            ? nil
            : query.map { "\(URL.percentEncode($0.0))=\(URL.percentEncode($0.1))" }.joined(separator: "&")
        return url
    }
}
