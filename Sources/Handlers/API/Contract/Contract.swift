import HTTP
import JSON

/// The contract: the router's table as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1.html).
enum Contract {
    /// Of the contract, by https://semver.org: the paths' `/v1` is its first number.
    static let version = "1.0.0"

    /// A schema of `components` by its name.
    static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }

    /// The whole document.
    static func document(_ routes: [Route], authMode: AccessConfiguration.Mode) -> JSON {
        var paths: JSON.Object = [:]
        for route in routes {
            let path = route.path.description
            var methods = paths[path]?.object ?? [:]
            methods[route.method.rawValue.lowercased()] = .object(operation(route, authMode))
            paths[path] = .object(methods)
        }
        let tags = Set(routes.map { $0.describe().tag })
        return [
            "openapi": "3.1.1",
            "info": [
                "title": "comfy-lambda", "version": .string(version),
                "summary": "A serverless front for ComfyUI",
                "description": .string(introduction),
            ],
            "servers": [["url": "/"]],
            "tags": .array(
                RouteDescription.Tag.allCases.filter(tags.contains).map { ["name": .string($0.rawValue)] }),
            "paths": .object(paths),
            "components": [
                "schemas": .object(schemas), "headers": .object(headers),
                "securitySchemes": .object(securitySchemes),
            ],
        ]
    }

    private static let introduction = """
        JSON in and out, UTF-8, names in `snake_case`, times in UTC, ids that sort by time. A leading `/api` and a trailing slash make no \
        difference. A field that a request may not have is refused by its name; `null` means the same as absence. `HEAD` is answered \
        wherever `GET` is, `OPTIONS` everywhere.
        """

    private static func operation(_ route: Route, _ authMode: AccessConfiguration.Mode) -> JSON.Object {
        let description = route.describe()
        var operation: JSON.Object = [
            "operationId": .string(route.name), "summary": .string(description.summary),
            "tags": [.string(description.tag.rawValue)],
        ]
        if !description.details.isEmpty { operation["description"] = .string(description.details) }
        let parameters =
            route.path.parameters.map { pathParameter($0, of: route) }
            + description.query.map { parameter($0, in: "query") }
            + description.headers.map { parameter($0, in: "header") }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        operation["requestBody"] = requestBody(description)
        operation["responses"] = .object(responses(route, description))
        let scopes = JSON.array(route.scope.map { [.string($0.rawValue)] } ?? [])
        // No key is good for one's own account.
        let schemes = route.scope == .account ? ["bearer"] : securitySchemes.keys
        operation["security"] = .array(
            route.asksNobody || authMode == .none ? [] : schemes.map { .object([$0: scopes]) })
        return operation
    }

    private static func pathParameter(_ name: String, of route: Route) -> JSON {
        [
            "name": .string(name), "in": "path", "required": true,
            "schema": schema(of: name, in: route.path.description),
        ]
    }

    private static func schema(of parameter: String, in path: String) -> JSON {
        if parameter == "folder" { return ["type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"] }
        if path.hasPrefix("/v1/admin/users/") { return FieldType<String>.userID.schema }
        if path.hasPrefix("/v1/admin/workers/") { return Schema.workerID }
        if path.hasPrefix("/v1/workflows/") { return RouteDescription.templateID }
        return Schema.id
    }

    private static func parameter(_ field: FieldDescription, in place: String) -> JSON {
        var schema = field.schema.object ?? [:]
        schema["default"] = field.absent
        return [
            "name": .string(field.name), "in": .string(place), "required": .bool(field.isRequired),
            "description": .string(field.summary), "schema": .object(schema),
        ]
    }

    private static func requestBody(_ description: RouteDescription) -> JSON? {
        guard let fields = description.body else { return nil }
        var content: JSON.Object = ["schema": Schema.fields(fields)]
        if !description.bodyExamples.isEmpty {
            content["examples"] = .object(
                JSON.Object(description.bodyExamples.map { ($0.name, ["value": $0.body]) }))
        }
        return [
            "required": .bool(!fields.isEmpty),
            "content": ["application/json": .object(content)],
        ]
    }

    private static func responses(_ route: Route, _ description: RouteDescription) -> JSON.Object {
        var responses: JSON.Object = [:]
        for answer in description.answers {
            var response: JSON.Object = ["description": .string(answer.summary)]
            var headers: JSON.Object = ["X-Request-Id": ["$ref": "#/components/headers/RequestId"]]
            for (name, summary) in answer.headers {
                headers[name] = ["description": .string(summary), "schema": Schema.text]
            }
            response["headers"] = .object(headers)
            if let content = answer.content {
                var media: JSON.Object = ["schema": content.schema]
                media["example"] = content.example
                response["content"] = .object([content.type: .object(media)])
            }
            responses["\(answer.status)"] = .object(response)
        }
        let errors = errors(of: route, description)
        for status in Set(errors.map(\.status)).sorted() {
            responses["\(status)"] = refusal(status, errors.filter { $0.status == status })
        }
        return responses
    }

    /// An answer that is no success, with the codes that it may have.
    private static func refusal(_ status: Int, _ codes: [APIError.Code]) -> JSON {
        var headers: JSON.Object = ["X-Request-Id": ["$ref": "#/components/headers/RequestId"]]
        for name in Set(codes.compactMap(\.header)).sorted() {
            headers[name] = ["$ref": .string("#/components/headers/\(name.filter { $0 != "-" })")]
        }
        let names = codes.map(\.rawValue)
        return [
            "description": .string(names.map { "`\($0)`" }.joined(separator: ", ")),
            "headers": .object(headers),
            "content": [
                "application/json": [
                    "schema": [
                        "allOf": [
                            reference("Error"),
                            ["properties": ["error": ["properties": ["code": Schema.choice(names)]]]],
                        ]
                    ]
                ]
            ],
        ]
    }

    /// Every error that a route may answer: those of its kind, and its own.
    static func errors(of route: Route, _ description: RouteDescription) -> [APIError.Code] {
        var errors: Set<APIError.Code> = [.internal, .timeout, .serviceUnavailable]
        if !route.isOpen { errors.formUnion([.payloadTooLarge, .rateLimited]) }
        if !route.asksNobody { errors.insert(.unauthenticated) }
        if route.effect == .execution { errors.insert(.quotaExceeded) }
        if route.scope != nil { errors.insert(.forbidden) }
        if !route.path.parameters.isEmpty { errors.insert(.notFound) }
        if description.body != nil {
            errors.formUnion([.invalidJSON, .validationError, .unsupportedMediaType])
        }
        if !description.query.isEmpty { errors.insert(.validationError) }
        errors.formUnion(description.errors)
        return APIError.Code.allCases.filter(errors.contains)
    }

    private static let headers: JSON.Object = [
        "RequestId": [
            "description": "The gateway's id of the request, or the invocation's; the log has it too.",
            "required": true, "schema": Schema.text,
        ],
        "RetryAfter": ["description": "Seconds.", "schema": Schema.count],
        "WWWAuthenticate": ["description": "How to say who calls.", "schema": Schema.text],
    ]

    private static let securitySchemes: JSON.Object = [
        "bearer": [
            "type": "http", "scheme": "bearer",
            "description": "An access token of an account, or of the issuer that this deployment believes.",
        ],
        "key": [
            "type": "apiKey", "in": "header", "name": .string(Authenticator.keyHeader),
            "description": "An API key, good for its scopes.",
        ],
    ]
}

extension APIError.Code {
    /// The header that an error of this code may come with.
    fileprivate var header: String? {
        switch self {
        case .unauthenticated: "WWW-Authenticate"
        case .rateLimited, .quotaExceeded, .serviceUnavailable, .conflict: "Retry-After"
        default: nil
        }
    }
}
