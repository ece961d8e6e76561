import JSON

extension RouteDescription {
    static var generateBatch: RouteDescription {
        RouteDescription(
            summary: "Make several jobs",
            details: """
                Each item becomes a job, or is refused, by itself; the pictures of all are taken from the day's quota at once, or none is. With \
                an `Idempotency-Key` the same request is the same batch, and makes what of it is missing.
                """,
            tag: .jobs, headers: [IdempotencyKey.description], body: BatchRoutes.fields,
            bodyExamples: [
                (
                    "two prompts",
                    [
                        "items": [
                            ["prompt": "a lighthouse at dusk"],
                            ["prompt": "a lighthouse at dawn", "seed": 7],
                        ]
                    ]
                ),
                (
                    "a graph, and a stored workflow",
                    [
                        "items": [
                            workflowExample,
                            ["template": "txt2img", "parameters": ["prompt": "a lighthouse at dusk"]],
                        ]
                    ]
                ),
            ],
            answers: answers, errors: [.conflict, .idempotencyMismatch])
    }

    static var batch: RouteDescription {
        RouteDescription(
            summary: "A batch: what its jobs add up to", tag: .jobs,
            answers: [Answer(status: 200, summary: "As it is now.", content: Content(schema: schema))])
    }

    static var cancelBatch: RouteDescription {
        RouteDescription(
            summary: "Stop the jobs of a batch", details: "Those that have ended stay as they are.",
            tag: .jobs, body: [], answers: answers)
    }

    private static var answers: [Answer] {
        [200, 202].map { status in
            Answer(
                status: status, summary: status == 200 ? "Every job has ended." : "Some wait or run.",
                content: Content(schema: schema),
                headers: [("Location", "The batch's path, when it was made.")])
        }
    }

    private static var schema: JSON {
        let state = Schema.choice(Job.State.allCases.map(\.rawValue))
        var counts: JSON.Object = [:]
        for name in Job.State.allCases.map(\.rawValue) + ["refused", "missing"] {
            counts[name] = Schema.count
        }
        return Schema.object([
            "batch_id": Schema.id, "status": state, "created_at": Schema.time,
            "counts": Schema.object(
                counts,
                "`refused` items never were jobs; of `missing` ones the job is gone, or could not be made."),
            "items": Schema.list(
                of: Schema.object([
                    "index": Schema.count, "job_id": Schema.nullable(Schema.id),
                    "status": Schema.nullable(state),
                    "seed": ["type": ["integer", "null"], "minimum": 0, "maximum": .number(UInt64.max)],
                    "started_at": Schema.nullable(Schema.time), "completed_at": Schema.nullable(Schema.time),
                    "output_count": Schema.count,
                    "error": Schema.nullable(
                        Schema.object([
                            "code": Schema.text, "message": Schema.text,
                            "details": ["type": ["object", "null"]],
                        ])),
                ])),
        ])
    }
}
