import JSON

extension RouteDescription {
    static var liveness: RouteDescription {
        RouteDescription(
            summary: "Whether the function lives", tag: .operation,
            answers: [
                Answer(
                    status: 200, summary: "It does.",
                    content: Content(schema: Contract.reference("Health"), example: ["status": "ok"]))
            ])
    }

    static var readiness: RouteDescription {
        RouteDescription(
            summary: "Whether what it stands on answers",
            details: """
                The table and the bucket answer, and not every listed worker is dead. No worker at all is a normal state. When it is \
                not ready, the error's details are the same report.
                """,
            tag: .operation,
            answers: [
                Answer(
                    status: 200, summary: "It does.",
                    content: Content(schema: Contract.reference("Readiness")))
            ])
    }

    static var contract: RouteDescription {
        RouteDescription(
            summary: "This contract", tag: .contract,
            answers: [
                Answer(
                    status: 200, summary: "OpenAPI 3.1.",
                    content: Content(
                        schema: [
                            "type": "object", "required": ["openapi", "info", "paths"],
                            "properties": ["openapi": ["type": "string", "pattern": #"^3\.1\."#]],
                        ]))
            ])
    }

    static var docs: RouteDescription {
        RouteDescription(
            summary: "The contract as a page, to read and to try", tag: .contract,
            answers: [
                Answer(
                    status: 200, summary: "HTML, without a single address of anybody else's.",
                    content: Content(type: "text/html", schema: Schema.text))
            ])
    }
}
