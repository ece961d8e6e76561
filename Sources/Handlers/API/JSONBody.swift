import HTTP
import JSON
import LambdaRuntime

/// The rules for a request's body: what it says it is, and that it is one JSON object.
enum JSONBody {
    /// The body as an object of fields.
    static func object(of request: HTTPRequest) throws(APIError) -> JSON.Object {
        let kind = try kind(request)
        guard !request.body.isEmpty else {
            throw APIError(.invalidJSON, "The body is empty; a JSON object is expected.")
        }
        let json: JSON
        do {
            json = try JSON(parsing: request.body)
        } catch {
            if kind == .form { throw unsupported(request.headers["Content-Type"] ?? "") }
            throw APIError(
                .invalidJSON, "The body is no JSON: \(error.message) at byte \(error.offset).",
                details: ["offset": .number(error.offset)])
        }
        guard let object = json.object else {
            if kind == .form { throw unsupported(request.headers["Content-Type"] ?? "") }
            throw .validation([.init("", .wrongType, "The body must be a JSON object.")])
        }
        return object
    }

    /// For a request that carries no fields: an empty body, or an object without any.
    static func expectNone(of request: HTTPRequest) throws(APIError) {
        if request.body.isEmpty { return }
        var reader = FieldReader(try object(of: request))
        try reader.finish()
    }

    private enum Kind { case json, form }

    /// `curl -d` calls everything a form, and people type `curl -d '{…}'`: that is taken for JSON when it is a JSON object.
    /// Not from a browser, though, which always sends `Origin` with a POST: a page of another origin may send forms without
    /// asking (no preflight), and must not create jobs at a local server that asks nobody to sign in.
    private static func kind(_ request: HTTPRequest) throws(APIError) -> Kind {
        let isBrowser = request.headers["Origin"] != nil
        guard let header = request.headers["Content-Type"], !header.isEmpty else {
            if isBrowser && !request.body.isEmpty { throw unsupported("none") }
            return .json
        }
        let type = ContentType(header)
        if type.isJSON { return .json }
        if type.essence == "application/x-www-form-urlencoded" && !isBrowser { return .form }
        throw unsupported(header)
    }

    private static func unsupported(_ found: String) -> APIError {
        APIError(
            .unsupportedMediaType,
            "The body must be JSON, with 'Content-Type: application/json'; found '\(found.prefix(100))'.",
            headers: ["Accept-Post": "application/json"])
    }
}

/// A `Content-Type` (RFC 9110 §8.3.1).
struct ContentType: Sendable, Hashable {
    /// `type/subtype` in lower case.
    let essence: String
    /// The `charset` parameter in lower case.
    let charset: String?

    init(_ header: String) {
        var parts = header.split(separator: ";", omittingEmptySubsequences: false).map(HeaderText.trimmed)
        essence = parts.isEmpty ? "" : parts.removeFirst().lowercased()
        var charset: String?
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, HeaderText.trimmed(pair[0]).lowercased() == "charset" else { continue }
            charset = HeaderText.trimmed(pair[1]).filter { $0 != "\"" }.lowercased()
        }
        self.charset = charset
    }

    /// JSON or a type derived from it (RFC 6839 §3.1); JSON is UTF-8 between systems (RFC 8259 §8.1).
    var isJSON: Bool {
        let isUTF8 = charset == nil || charset == "utf-8" || charset == "utf8" || charset == "us-ascii"
        return isUTF8
            && (essence == "application/json"
                || (essence.hasPrefix("application/") && essence.hasSuffix("+json")))
    }
}

/// The white space of header fields (RFC 9110 §5.6.3).
enum HeaderText {
    static func trimmed(_ text: Substring) -> String {
        let rest = text.drop(while: isSpace)
        guard let end = rest.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(rest[...end])
    }

    private static func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
}
