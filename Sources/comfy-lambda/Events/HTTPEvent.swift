import Crypto
import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Time

/// What API Gateway or a load balancer makes of an HTTP request.
struct HTTPEvent: Sendable {
    let request: ServerRequest
    let requestID: String
    let time: Timestamp
    /// The host that the event names when the request does not.
    let host: String

    init(_ request: ServerRequest, requestID: String, time: Timestamp, host: String) {
        self.request = request
        self.requestID = requestID
        self.time = time
        self.host = request.headers["Host"] ?? host
    }

    /// The event as that front end shapes it; nil when the target cannot be decoded.
    func document(for format: HTTPEventFormat) -> JSON? {
        guard let path = URL.percentDecode(request.path), URL.queryItems(request.query ?? "") != nil else {
            return nil
        }
        return switch format {
        case .httpAPI, .functionURL: httpAPI(path)
        case .restAPI: restAPI(path)
        case .applicationLoadBalancer: loadBalancer(multiValue: false)
        case .applicationLoadBalancerMultiValue: loadBalancer(multiValue: true)
        }
    }

    // MARK: Parts that the shapes share

    static let accountID = FunctionDefinition.accountID
    static let apiID = "local"

    /// What the gateway adds to the client's headers.
    var headers: [(name: String, value: String)] {
        let added = [
            ("X-Forwarded-For", Self.clientAddress), ("X-Forwarded-Port", port),
            ("X-Forwarded-Proto", "http"),
        ]
        let names = Set(added.map { $0.0.lowercased() })
        return request.headers.filter { !names.contains($0.name.lowercased()) } + added
    }

    /// The front listens on the loopback interface alone.
    static let clientAddress = "127.0.0.1"

    private var port: String {
        guard let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") else { return "80" }
        return String(host[host.index(after: colon)...])
    }

    var domainName: String {
        String(host[..<(host.lastIndex(of: ":") ?? host.endIndex)])
    }

    var queryItems: [(name: String, value: String)] { URL.queryItems(request.query ?? "") ?? [] }

    /// The body as the event carries it: text where the type says text and the bytes are UTF-8, else base64.
    var body: (text: String?, isBase64: Bool) {
        if request.body.isEmpty { return (nil, false) }
        if isTextual, let text = String(validating: request.body, as: UTF8.self) { return (text, false) }
        return (Base64.encode(request.body), true)
    }

    /// The types that API Gateway's HTTP API and load balancers pass on as text; an encoded body never is.
    private var isTextual: Bool {
        guard request.headers["Content-Encoding"] == nil, let type = request.headers["Content-Type"] else {
            return false
        }
        let essence = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        return essence.hasPrefix("text/") || essence.hasSuffix("+json") || essence.hasSuffix("+xml")
            || ["application/json", "application/xml", "application/javascript"].contains(essence)
    }

    /// `21/Nov/2026:05:26:36 +0000`, as access logs have it.
    var logTime: String {
        let parts = time.httpDate.split(separator: " ")
        guard parts.count == 6 else { return "" }
        return "\(parts[1])/\(parts[2])/\(parts[3]):\(parts[4]) +0000"
    }
}

extension JSON {
    /// A string, or null.
    static func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}
