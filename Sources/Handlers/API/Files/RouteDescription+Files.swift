import JSON

extension RouteDescription {
    static var createFile: RouteDescription {
        RouteDescription(
            summary: "Announce a file, and learn how to upload it",
            details: """
                The answer has an address to `PUT` the bytes to, once, with exactly the headers it names. Workflows then load it as \
                `file:<file_id>`.
                """,
            tag: .files,
            body: [
                FieldDescription(FileRoutes.Fields.filename, "For you to know it by."),
                FieldDescription(FileRoutes.Fields.contentType, "What it is."),
                FieldDescription(FileRoutes.Fields.bytes, "Its size."),
            ],
            bodyExamples: [
                (
                    "picture",
                    ["filename": "lighthouse.png", "content_type": "image/png", "bytes": 401_234]
                )
            ],
            answers: [
                Answer(
                    status: 201, summary: "The file, and how to upload it.",
                    content: Content(schema: announcedSchema), headers: [("Location", "The file's path.")])
            ], errors: [.conflict])
    }

    static var listFiles: RouteDescription {
        RouteDescription(
            summary: "Your files, newest first", tag: .files,
            query: [
                FieldDescription(FileRoutes.Fields.limit, "How many at most.", default: 20),
                FieldDescription(FileRoutes.Fields.cursor, "The next_cursor of the page before."),
            ],
            answers: [
                Answer(
                    status: 200, summary: "A page.",
                    content: Content(
                        schema: object([
                            "files": ["type": "array", "items": object(fileProperties)],
                            "next_cursor": ["type": ["string", "null"]],
                        ])))
            ])
    }

    static var file: RouteDescription {
        RouteDescription(
            summary: "One file, and where to read it",
            details: "After an upload this looks at what has come: `ready`, or `rejected` with a reason.",
            tag: .files,
            answers: [Answer(status: 200, summary: "The file.", content: Content(schema: shownSchema))])
    }

    static var deleteFile: RouteDescription {
        RouteDescription(
            summary: "Delete a file", details: "A job that has yet to load it fails.", tag: .files,
            answers: [done])
    }

    private static let fileProperties: JSON.Object = [
        "file_id": ["type": "string", "format": "uuid"], "filename": ["type": "string"],
        "content_type": ["enum": .array(PictureCheck.Format.allCases.map { .string($0.rawValue) })],
        "bytes": ["type": "integer"], "status": ["enum": ["pending", "ready", "rejected"]],
        "reason": ["type": ["string", "null"]], "width": ["type": ["integer", "null"]],
        "height": ["type": ["integer", "null"]], "created_at": moment, "expires_at": moment,
    ]
    private static var announcedSchema: JSON {
        var properties = fileProperties
        properties["upload"] = object([
            "method": ["const": "PUT"], "url": ["type": "string", "format": "uri"],
            "headers": ["type": "object", "additionalProperties": ["type": "string"]], "expires_at": moment,
        ])
        return object(properties)
    }
    private static var shownSchema: JSON {
        var properties = fileProperties
        properties["url"] = ["type": ["string", "null"]]
        properties["url_expires_at"] = momentOrNull
        return object(properties)
    }
}
