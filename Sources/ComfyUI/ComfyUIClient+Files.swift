public import HTTP
internal import JSON

extension ComfyUIClient {
    /// A file of a run (`GET /view`), streamed: there is no limit to its size or time but 30 s without a byte.
    /// Throws `notFound` when it is gone: ComfyUI names files of a cached run whether they are there or not.
    public func view(_ file: OutputFile) async throws(ComfyUIError) -> HTTPClient.StreamingResponse {
        var request = try await request(
            .get, "/view",
            query: [("filename", file.filename), ("subfolder", file.subfolder), ("type", file.type)])
        request.timeouts.total = nil
        request.responseLimit = .max
        let response: HTTPClient.StreamingResponse
        do {
            response = try await http.stream(request)
        } catch {
            throw ComfyUIError(error, "GET /view")
        }
        guard response.head.status == 200 else {
            throw ComfyUIError(status: response.head.status, "GET /view")
        }
        return response
    }

    /// Puts a picture into the worker's input folder (`POST /upload/image`), in pieces: it is never held whole.
    ///
    /// Gives back the name under which ComfyUI stored it, subfolder included, as LoadImage takes it: without
    /// `overwrite` it renames on a clash with other bytes (`up (1).png`). `length` is of the file, when it is known. Over 100 MiB: `tooLarge`. What `next` throws is
    /// beneath the error as the `HTTPError`'s own cause.
    public func uploadImage(
        filename: String, length: Int? = nil, subfolder: String = "", overwrite: Bool = false,
        next: @escaping @Sendable () async throws -> [UInt8]?
    ) async throws(ComfyUIError) -> String {
        let what = "POST /upload/image"
        var form = MultipartForm()
        form.add("type", "input")
        if !subfolder.isEmpty { form.add("subfolder", subfolder) }
        if overwrite { form.add("overwrite", "true") }
        form.beginFile("image", filename: filename)
        var request = try await request(.post, "/upload/image")
        request.headers["Content-Type"] = form.contentType
        let source = FormSource(head: form.head, pieces: next, tail: form.tail)
        let whole = length.map { form.head.count + $0 + form.tail.count }
        request.body = .stream(length: whole) { try await source.next() }
        request.timeouts.total = .seconds(300)
        let body = try await exchange(request, what)
        let answer = try? JSON(parsing: body)
        guard let name = answer?["name"]?.string, !name.isEmpty else {
            throw ComfyUIError(
                .unexpectedAnswer, "\(what) was answered with something that is not ComfyUI's.", status: 200)
        }
        let stored = answer?["subfolder"]?.string ?? ""
        return stored.isEmpty ? name : "\(stored)/\(name)"
    }
}

/// A form with one file: what stands before the file's bytes, the bytes, what stands behind.
private actor FormSource {
    private var head: [UInt8]?
    private let pieces: @Sendable () async throws -> [UInt8]?
    private var tail: [UInt8]?

    init(head: [UInt8], pieces: @escaping @Sendable () async throws -> [UInt8]?, tail: [UInt8]) {
        self.head = head
        self.pieces = pieces
        self.tail = tail
    }

    func next() async throws -> [UInt8]? {
        if let head = head.take() { return head }
        guard tail != nil else { return nil }
        if let piece = try await pieces() { return piece }
        return tail.take()
    }
}

/// A form of fields and, at its end, one file (RFC 7578).
struct MultipartForm {
    private let boundary: String
    /// Up to where the file's bytes begin.
    private(set) var head: [UInt8] = []

    /// The boundary is random, so that no file can hold it but by guessing 128 bits.
    init() {
        let numbers = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }
        boundary = "comfy-lambda-" + numbers.joined()
    }

    var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// What follows the file's bytes.
    var tail: [UInt8] { Array("\r\n--\(boundary)--\r\n".utf8) }

    mutating func add(_ name: String, _ value: String) {
        begin("form-data; name=\"\(name)\"", type: nil)
        head += Array(value.utf8)
        head += [0x0D, 0x0A]
    }

    mutating func beginFile(_ name: String, filename: String) {
        begin(
            "form-data; name=\"\(name)\"; filename=\"\(Self.escaped(filename))\"",
            type: "application/octet-stream")
    }

    private mutating func begin(_ disposition: String, type: String?) {
        var head = "--\(boundary)\r\nContent-Disposition: \(disposition)\r\n"
        if let type { head += "Content-Type: \(type)\r\n" }
        self.head += Array((head + "\r\n").utf8)
    }

    /// A line break in a name would begin a header of its own: the three characters that can end the value are
    /// percent-encoded, as browsers do (WHATWG HTML, multipart/form-data).
    private static func escaped(_ name: String) -> String {
        name.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\"": text += "%22"
            case "\r": text += "%0D"
            case "\n": text += "%0A"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
