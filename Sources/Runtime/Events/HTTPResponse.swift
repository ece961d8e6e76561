import Crypto
public import HTTP
import JSON

/// The answer to an `HTTPRequest`, before it takes the form that its front end wants.
public struct HTTPResponse: Sendable {
    /// 200 to 599.
    public var status: Int
    /// Sent as they are; a `Set-Cookie` among them counts as one of `cookies`.
    public var headers: HTTPHeaders
    /// Any bytes.
    public var body: [UInt8]
    /// Each a `Set-Cookie` value.
    public var cookies: [String]

    /// A response.
    public init(
        status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [], cookies: [String] = []
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.cookies = cookies
    }

    /// The answer document of that front end. A body that is no UTF-8, or is encoded (`Content-Encoding`), goes as base64.
    public func encoded(for format: HTTPEventFormat) -> [UInt8] {
        var answer: JSON.Object = ["statusCode": .number(status)]
        switch format {
        case .restAPI, .applicationLoadBalancerMultiValue:
            answer["multiValueHeaders"] = .object(multiValueHeaders)
        case .applicationLoadBalancer:
            answer["headers"] = .object(singleHeaders(withCookies: true))
        case .httpAPI, .functionURL:
            answer["headers"] = .object(singleHeaders(withCookies: false))
            if !allCookies.isEmpty { answer["cookies"] = .array(allCookies.map { .string($0) }) }
        }
        switch format {
        case .applicationLoadBalancer, .applicationLoadBalancerMultiValue:
            answer["statusDescription"] = .string("\(status) \(Self.reason(status))")
        default: break
        }
        if headers["Content-Encoding"] == nil, let text = String(validating: body, as: UTF8.self) {
            answer["body"] = .string(text)
            answer["isBase64Encoded"] = false
        } else {
            answer["body"] = .string(Base64.encode(body))
            answer["isBase64Encoded"] = true
        }
        return JSON.object(answer).serialized()
    }

    /// The content type of a streamed response that begins with a `prelude`.
    static let preludeType = "application/vnd.awslambda.http-integration-response"

    /// What a streamed HTTP response begins with: status, headers and cookies as JSON, then 8 NUL bytes.
    ///
    /// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
    var prelude: [UInt8] {
        var head: JSON.Object = [
            "statusCode": .number(status), "headers": .object(singleHeaders(withCookies: false)),
        ]
        if !allCookies.isEmpty { head["cookies"] = .array(allCookies.map { .string($0) }) }
        return JSON.object(head).serialized() + [UInt8](repeating: 0, count: 8)
    }

    /// Repeated names joined by commas (RFC 9110 §5.3). Cookies cannot be joined: the last one stands.
    private func singleHeaders(withCookies: Bool) -> JSON.Object {
        var object = JSON.Object()
        for name in headerNames { object[name] = headers[name].map { .string($0) } }
        if withCookies, let last = allCookies.last { object["Set-Cookie"] = .string(last) }
        return object
    }

    private var multiValueHeaders: JSON.Object {
        var object = JSON.Object()
        for name in headerNames { object[name] = .array(headers.values(name).map { .string($0) }) }
        if !allCookies.isEmpty { object["Set-Cookie"] = .array(allCookies.map { .string($0) }) }
        return object
    }

    private var allCookies: [String] { headers.values("Set-Cookie") + cookies }

    /// Each once, as it was first written, but for cookies.
    private var headerNames: [String] {
        var seen: Set = ["set-cookie"]
        return headers.map(\.name).filter { seen.insert($0.lowercased()).inserted }
    }

    /// A load balancer demands a phrase; which one means nothing (RFC 9110 §15.1).
    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 202: "Accepted"
        case 204: "No Content"
        case 302: "Found"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}
