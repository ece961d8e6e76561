internal import HTTP
internal import JSON

extension ComfyUIClient {
    /// The kinds of models, which are names of folders (`GET /models`).
    public func modelFolders() async throws(ComfyUIError) -> [String] {
        try await names("/models")
    }

    /// The model files of one kind (`GET /models/{folder}`), with the folders they stand in; a kind that the worker does
    /// not know throws `notFound`.
    public func models(in folder: String) async throws(ComfyUIError) -> [String] {
        try await names("/models/\(URL.percentEncode(folder))")
    }

    private func names(_ path: String) async throws(ComfyUIError) -> [String] {
        let what = "GET \(path)"
        var request = try await request(.get, path)
        request.responseLimit = 8 << 20
        let body = try await exchange(request, what)
        guard let names = (try? JSON(parsing: body))?.array else {
            throw ComfyUIError(
                .unexpectedAnswer, "\(what) was answered with something that is not ComfyUI's.", status: 200)
        }
        return names.compactMap(\.string)
    }
}
