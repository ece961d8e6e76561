import Crypto
import HTTP
import JSON
import LambdaRuntime
import LocalServer

/// What API Gateway or a load balancer makes of a function's answer.
enum HTTPAnswer {
    /// The response for the client. A function error, and an answer that is none, is a 502.
    static func response(to outcome: InvocationOutcome, for format: HTTPEventFormat) -> ServerResponse {
        guard case .response(let bytes) = outcome, let json = try? JSON(parsing: bytes) else {
            return badGateway(format)
        }
        if let status = json["statusCode"]?.int ?? json["statusCode"]?.string.flatMap({ Int($0) }) {
            guard (100...599).contains(status), let body = body(of: json), let headers = headers(of: json)
            else {
                return badGateway(format)
            }
            return ServerResponse(status: status, headers: headers, body: body)
        }
        // Payload version 2.0 lets a function answer with any JSON: it is the body of a 200.
        switch format {
        case .httpAPI, .functionURL:
            return .json(200, json)
        case .restAPI, .applicationLoadBalancer, .applicationLoadBalancerMultiValue:
            return badGateway(format)
        }
    }

    /// The function failed, or its answer made no sense.
    static func badGateway(_ format: HTTPEventFormat) -> ServerResponse {
        switch format {
        case .httpAPI, .functionURL: message(502, "Internal Server Error")
        case .restAPI: message(502, "Internal server error")
        case .applicationLoadBalancer, .applicationLoadBalancerMultiValue:
            ServerResponse(
                status: 502, headers: ["Content-Type": "text/html"],
                body: Array("<html><head><title>502 Bad Gateway</title></head></html>\r\n".utf8))
        }
    }

    /// API Gateway's own answers.
    static func message(_ status: Int, _ text: String) -> ServerResponse {
        .json(status, ["message": .string(text)])
    }

    private static func body(of json: JSON) -> [UInt8]? {
        let text: String
        switch json["body"] {
        case nil, .some(.null): return []
        case .some(.string(let string)): text = string
        case .some(let other): text = other.text
        }
        guard json["isBase64Encoded"]?.bool == true else { return Array(text.utf8) }
        return Base64.decode(text)
    }

    /// Single and multi values together, a name's multi values winning, and the cookies; nil when they are no strings.
    private static func headers(of json: JSON) -> HTTPHeaders? {
        var headers: HTTPHeaders = [:]
        let multi = json["multiValueHeaders"]?.object ?? [:]
        for (name, value) in json["headers"]?.object ?? [:] where multi[name] == nil {
            guard let text = text(value) else { return nil }
            headers.add(name, text)
        }
        for (name, values) in multi {
            for value in values.array ?? [] {
                guard let text = text(value) else { return nil }
                headers.add(name, text)
            }
        }
        for cookie in json["cookies"]?.array ?? [] {
            guard let text = cookie.string else { return nil }
            headers.add("Set-Cookie", text)
        }
        // The server writes its own.
        for name in ["Content-Length", "Connection", "Transfer-Encoding", "Date"] { headers[name] = nil }
        return headers["Content-Type"] == nil ? withDefaultType(headers, json) : headers
    }

    private static func withDefaultType(_ headers: HTTPHeaders, _ json: JSON) -> HTTPHeaders {
        guard json["body"]?.string?.isEmpty == false else { return headers }
        var headers = headers
        headers["Content-Type"] = "text/plain;charset=UTF-8"
        return headers
    }

    private static func text(_ value: JSON) -> String? {
        switch value {
        case .string(let text): text
        case .number(let number): number.text
        case .bool(let bool): bool ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
