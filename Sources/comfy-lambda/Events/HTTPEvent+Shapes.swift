import HTTP
import JSON
import LocalServer
import Time

extension HTTPEvent {
    /// API Gateway's HTTP API, payload version 2.0: names in lower case, repeated ones joined by commas, cookies apart, absent fields absent.
    func httpAPI(_ path: String) -> JSON {
        var fields: JSON.Object = [:]
        for (name, value) in headers where name.lowercased() != "cookie" {
            append(value, to: name.lowercased(), of: &fields)
        }
        var event: JSON.Object = [
            "version": "2.0", "routeKey": "$default", "rawPath": .string(path),
            "rawQueryString": .string(request.query ?? ""),
        ]
        let cookies = request.headers.values("Cookie").flatMap { $0.split(separator: ";") }
            .map { JSON.string(String($0.trimmingSpaces)) }
        if !cookies.isEmpty { event["cookies"] = .array(cookies) }
        event["headers"] = .object(fields)
        var query: JSON.Object = [:]
        for (name, value) in queryItems { append(value, to: name, of: &query) }
        if !query.isEmpty { event["queryStringParameters"] = .object(query) }
        event["requestContext"] = [
            "accountId": .string(Self.accountID), "apiId": .string(Self.apiID),
            "domainName": .string(domainName), "domainPrefix": .string(Self.apiID),
            "http": [
                "method": .string(request.method.rawValue), "path": .string(path), "protocol": "HTTP/1.1",
                "sourceIp": .string(Self.clientAddress),
                "userAgent": .string(request.headers["User-Agent"] ?? ""),
            ],
            "requestId": .string(requestID), "routeKey": "$default", "stage": "$default",
            "time": .string(logTime), "timeEpoch": .number(time.milliseconds),
        ]
        let (text, isBase64) = body
        if let text { event["body"] = .string(text) }
        event["isBase64Encoded"] = .bool(isBase64)
        return .object(event)
    }

    /// API Gateway's REST API (proxy integration): both single and multi values, null for what is absent.
    func restAPI(_ path: String) -> JSON {
        let (single, multi) = grouped(headers) { $0 }
        let (query, multiQuery) = grouped(queryItems) { $0 }
        let (text, isBase64) = body
        return [
            "resource": "/{proxy+}", "path": .string(path), "httpMethod": .string(request.method.rawValue),
            "headers": .object(single), "multiValueHeaders": .object(multi),
            "queryStringParameters": query.isEmpty ? .null : .object(query),
            "multiValueQueryStringParameters": multiQuery.isEmpty ? .null : .object(multiQuery),
            "pathParameters": ["proxy": .string(String(path.dropFirst()))], "stageVariables": .null,
            "requestContext": [
                "accountId": .string(Self.accountID), "apiId": .string(Self.apiID),
                "resourceId": "local", "resourcePath": "/{proxy+}", "stage": "local",
                "domainName": .string(domainName), "domainPrefix": .string(Self.apiID),
                "requestId": .string(requestID), "extendedRequestId": .string(requestID),
                "protocol": "HTTP/1.1", "httpMethod": .string(request.method.rawValue),
                "path": .string(path),
                "identity": [
                    "sourceIp": .string(Self.clientAddress),
                    "userAgent": .optional(request.headers["User-Agent"]),
                ],
                "requestTime": .string(logTime), "requestTimeEpoch": .number(time.milliseconds),
            ],
            "body": .optional(text), "isBase64Encoded": .bool(isBase64),
        ]
    }

    /// An Application Load Balancer: path and query values still encoded, names in lower case, an empty body is an empty string.
    func loadBalancer(multiValue: Bool) -> JSON {
        let (single, multi) = grouped(headers) { $0.lowercased() }
        let rawItems = (request.query ?? "").split(separator: "&").map { pair in
            let end = pair.firstIndex(of: "=") ?? pair.endIndex
            return (name: String(pair[..<end]), value: String(pair[end...].dropFirst()))
        }
        let (query, multiQuery) = grouped(rawItems) { $0 }
        let (text, isBase64) = body
        let target =
            "arn:aws:elasticloadbalancing:us-east-1:\(Self.accountID):targetgroup/local/0123456789abcdef"
        var event: JSON.Object = [
            "requestContext": ["elb": ["targetGroupArn": .string(target)]],
            "httpMethod": .string(request.method.rawValue), "path": .string(request.path),
        ]
        event[multiValue ? "multiValueQueryStringParameters" : "queryStringParameters"] =
            .object(multiValue ? multiQuery : query)
        event[multiValue ? "multiValueHeaders" : "headers"] = .object(multiValue ? multi : single)
        event["body"] = .string(text ?? "")
        event["isBase64Encoded"] = .bool(isBase64)
        return .object(event)
    }

    private func append(_ value: String, to name: String, of object: inout JSON.Object) {
        let earlier = object[name]?.string.map { $0 + "," } ?? ""
        object[name] = .string(earlier + value)
    }

    /// The last value of each name, and all values of each name.
    private func grouped(_ pairs: [(name: String, value: String)], named: (String) -> String) -> (
        single: JSON.Object, multi: JSON.Object
    ) {
        var (single, multi): (JSON.Object, JSON.Object) = ([:], [:])
        for (name, value) in pairs {
            let name = named(name)
            single[name] = .string(value)
            multi[name] = .array((multi[name]?.array ?? []) + [.string(value)])
        }
        return (single, multi)
    }
}
