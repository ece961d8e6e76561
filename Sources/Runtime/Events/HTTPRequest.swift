import Crypto
public import HTTP
public import JSON

/// An HTTP request as API Gateway, a function URL or a load balancer brought it.
public struct HTTPRequest: Sendable {
    /// As the client sent it.
    public var method: HTTPMethod
    /// Percent-decoded once, without the stage; begins with `/`.
    public var path: String
    /// Decoded, in order; a name may come more than once.
    public var query: [(name: String, value: String)]
    /// As the front end passed them on; cookies of payload 2.0 are put back into `Cookie`.
    public var headers: HTTPHeaders
    /// Decoded from base64 when the event says so.
    public var body: [UInt8]
    /// The client's address as the front end saw it.
    public var sourceAddress: String?
    /// The gateway's request id.
    public var requestID: String?
    /// The authorizer's claims or context as they came; for a REST API with IAM its `identity`.
    public var authorizer: JSON?
    /// Whose event it was.
    public var format: HTTPEventFormat

    /// For tests, and for callers that have no event.
    public init(
        _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = [],
        headers: HTTPHeaders = [:], body: [UInt8] = [], sourceAddress: String? = nil,
        requestID: String? = nil, authorizer: JSON? = nil, format: HTTPEventFormat = .httpAPI
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.sourceAddress = sourceAddress
        self.requestID = requestID
        self.authorizer = authorizer
        self.format = format
    }

    init(_ event: EventReader, _ format: HTTPEventFormat) throws(EventDecodingError) {
        let context = try event.object("requestContext")
        switch format {
        case .httpAPI, .functionURL: self = try Self.payload2(event, context, format)
        case .restAPI: self = try Self.payload1(event, context)
        case .applicationLoadBalancer, .applicationLoadBalancerMultiValue:
            self = try Self.loadBalancer(event, format)
        }
        body = try Self.body(event)
    }

    /// HTTP API and function URL. `rawPath` is decoded already and has the stage in front unless that is `$default`;
    /// only `rawQueryString` is exact, because `queryStringParameters` joins repeated values by commas.
    /// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    private static func payload2(_ event: EventReader, _ context: EventReader, _ format: HTTPEventFormat)
        throws(EventDecodingError) -> HTTPRequest
    {
        let http = try context.object("http")
        var headers = HTTPHeaders()
        for (name, value) in try event.pairs("headers") ?? [] { headers.add(name, value) }
        let cookies = try event.texts("cookies")
        if !cookies.isEmpty { headers["Cookie"] = cookies.joined(separator: "; ") }
        let stage = try context.optionalText("stage") ?? "$default"
        return HTTPRequest(
            HTTPMethod(rawValue: try http.text("method")),
            withoutStage(try event.text("rawPath"), stage),
            query: query(raw: try event.optionalText("rawQueryString") ?? ""),
            headers: headers, sourceAddress: try http.optionalText("sourceIp"),
            requestID: try context.optionalText("requestId"), authorizer: context.optional("authorizer"),
            format: format)
    }

    /// REST API. The path is still escaped as the client sent it; values are decoded.
    /// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    private static func payload1(_ event: EventReader, _ context: EventReader)
        throws(EventDecodingError) -> HTTPRequest
    {
        let identity = try context.object("identity")
        let signed = try identity.optionalText("userArn") != nil ? context.optional("identity") : nil
        return HTTPRequest(
            HTTPMethod(rawValue: try event.text("httpMethod")), try path1(event, context),
            query: try event.pairs("multiValueQueryStringParameters", or: "queryStringParameters"),
            headers: try headers(event), sourceAddress: try identity.optionalText("sourceIp"),
            requestID: try context.optionalText("requestId"),
            authorizer: context.optional("authorizer") ?? signed, format: .restAPI)
    }

    /// On the API's own domain `path` lacks the stage, which `requestContext.path` has in front. On a custom domain both begin with the
    /// mapping's base path, which only the resource's template tells from the rest; an HTTP API's payload 1.0 has the stage in both.
    /// A stage may well be called `v1`, as the first part of a path is: it is not dropped for its name alone.
    private static func path1(_ event: EventReader, _ context: EventReader) throws(EventDecodingError)
        -> String
    {
        let path = try event.text("path")
        let stage = try context.optionalText("stage") ?? ""
        if try context.optionalText("path") == "/\(stage)\(path)" { return decoded(path) }
        if let resource = try event.optionalText("resource"), resource.hasPrefix("/") {
            var parameters: [String: String] = [:]
            for (name, value) in try event.pairs("pathParameters") ?? [] {
                parameters["{\(name)}"] = value
                parameters["{\(name)+}"] = value
            }
            let route = resource.split(separator: "/").map { parameters[String($0)] ?? String($0) }
            let (whole, part) = (decoded(path), decoded(route.joined(separator: "/")))
            if whole.hasSuffix(part) || whole.hasSuffix(part + "/") { return part }
        }
        return withoutStage(decoded(path), stage)
    }

    /// A load balancer passes path and query values on as they came, still escaped.
    /// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    private static func loadBalancer(_ event: EventReader, _ format: HTTPEventFormat)
        throws(EventDecodingError) -> HTTPRequest
    {
        let pairs =
            try event.pairs("multiValueQueryStringParameters", or: "queryStringParameters")
        let headers = try headers(event)
        let forwarded = headers["X-Forwarded-For"]?.split(separator: ",").last
        return HTTPRequest(
            HTTPMethod(rawValue: try event.text("httpMethod")), decoded(try event.text("path")),
            query: query(raw: pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "&")),
            headers: headers,
            // The last address is the one the load balancer itself saw; those before it are the client's claim.
            sourceAddress: forwarded.map { withoutPort($0.drop { $0 == " " }) }, format: format)
    }

    /// A load balancer that preserves the client's port writes `192.0.2.1:52417`, or `[2001:db8::1]:52417`.
    private static func withoutPort(_ address: Substring) -> String {
        if address.hasPrefix("["), let end = address.firstIndex(of: "]") {
            return String(address[address.index(after: address.startIndex)..<end])
        }
        let parts = address.split(separator: ":", omittingEmptySubsequences: false)
        return String(parts.count == 2 ? parts[0] : address)
    }

    private static func headers(_ event: EventReader) throws(EventDecodingError) -> HTTPHeaders {
        var headers = HTTPHeaders()
        let pairs = try event.pairs("multiValueHeaders", or: "headers")
        for (name, value) in pairs { headers.add(name, value) }
        return headers
    }

    private static func body(_ event: EventReader) throws(EventDecodingError) -> [UInt8] {
        let isBase64 = try event.flag("isBase64Encoded")
        guard let text = try event.optionalText("body") else { return [] }
        guard isBase64 else { return Array(text.utf8) }
        guard let bytes = Base64.decode(text) else {
            throw EventDecodingError(kind: .badBase64, description: "'body' is said to be base64, and is not")
        }
        return bytes
    }

    /// Drops `/{stage}` in front of a path, but not `/{stage}-more`.
    private static func withoutStage(_ path: String, _ stage: String) -> String {
        let prefix = "/\(stage)"
        let rooted = path.hasPrefix("/") ? path : "/\(path)"
        if stage.isEmpty || stage == "$default" { return rooted }
        if rooted == prefix { return "/" }
        return rooted.hasPrefix(prefix + "/") ? String(rooted.dropFirst(prefix.count)) : rooted
    }

    private static func decoded(_ path: String) -> String {
        let decoded = URL.percentDecode(path) ?? path
        return decoded.hasPrefix("/") ? decoded : "/\(decoded)"
    }

    /// A broken escape is left as it stands, as in a browser: it is the client's, and the handler's to refuse.
    private static func query(raw: String) -> [(name: String, value: String)] {
        raw.split(separator: "&").flatMap { part in
            if let items = URL.queryItems(String(part)) { return items }
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count > 1 ? String(pair[1]) : ""
            return [(String(pair[0]), URL.percentDecode(value, plusIsSpace: true) ?? value)]
        }
    }
}
