import JSON

extension Contract {
    /// The schemas that answers share, by name.
    static var schemas: JSON.Object {
        [
            "Job": job, "Progress": progress, "Output": output, "Attempt": attempt, "Usage": usage,
            "JobError": jobError, "JobList": jobList, "JobSummary": jobSummary, "JobEvent": jobEvent,
            "Preview": preview,
            "TemplateReference": templateReference, "GenerateRequest": Schema.fields(GenerateRequest.fields),
            "WorkflowRequest": Schema.fields(WorkflowRequest.fields),
            "TemplateRequest": Schema.fields(BatchItem.templateFields), "Validation": validation,
            "WorkflowFault": workflowFault, "FieldFault": fieldFault,
            "Health": Schema.object(["status": ["const": "ok"]]), "Readiness": readiness,
            "Error": error,
        ]
    }

    private static var state: JSON { Schema.choice(Job.State.allCases.map(\.rawValue)) }
    private static let priority: JSON = ["type": "integer", "minimum": 1, "maximum": 10]

    private static var job: JSON {
        Schema.object(
            [
                "job_id": Schema.id, "status": state, "priority": priority,
                "created_at": Schema.time, "queued_at": Schema.time,
                "started_at": Schema.nullable(Schema.time), "completed_at": Schema.nullable(Schema.time),
                "seed": [
                    "type": ["integer", "null"], "minimum": 0, "maximum": .number(UInt64.max),
                ],
                "template": Schema.nullable(reference("TemplateReference")),
                "error": Schema.nullable(reference("JobError")),
                "attempts": Schema.list(of: reference("Attempt")), "usage": reference("Usage"),
                "cancel_requested_at": Schema.nullable(Schema.time),
                "queue_position": [
                    "type": ["integer", "null"], "minimum": 1,
                    "description":
                        "Of a queued job that was asked for by its id: 1 is next, null beyond 1,000.",
                ],
                "estimated_start_at": startEstimate, "estimated_seconds": durationEstimate,
                "progress": Schema.nullable(reference("Progress")),
                "outputs": Schema.list(of: reference("Output")),
                "image_url": Schema.nullable(Schema.address),
                "metadata": ["type": ["object", "null"]],
            ], "A job, as its user sees it.")
    }

    private static var templateReference: JSON {
        Schema.object(
            ["id": RouteDescription.templateID, "version": RouteDescription.templateVersion],
            "The stored workflow that a job was made from; of `generate` it is `txt2img`.")
    }

    private static var progress: JSON {
        [
            "type": "object", "required": ["percent"],
            "properties": [
                "percent": ["type": "integer", "minimum": 0, "maximum": 100],
                "value": ["type": "number"], "max": ["type": "number"],
                "node_id": Schema.nullable(Schema.text), "class_type": Schema.nullable(Schema.text),
                "nodes_done": Schema.count, "nodes_total": Schema.count,
                "nodes": ["type": "object", "additionalProperties": Schema.text],
            ],
        ]
    }

    private static var output: JSON {
        Schema.object([
            "index": Schema.count, "node_id": Schema.text,
            "kind": Schema.choice(["image", "video", "audio", "text", "file"]),
            "filename": Schema.text, "content_type": Schema.text, "bytes": Schema.count,
            "sha256": ["type": "string", "pattern": "^[0-9a-f]{64}$"],
            "width": Schema.nullable(Schema.count), "height": Schema.nullable(Schema.count),
            "url": Schema.nullable(Schema.address), "url_expires_at": Schema.nullable(Schema.time),
        ])
    }

    private static var attempt: JSON {
        Schema.object([
            "worker": Schema.text, "started_at": Schema.time, "ended_at": Schema.nullable(Schema.time),
            "error": Schema.nullable(failureCode),
        ])
    }

    private static var usage: JSON {
        Schema.object([
            "queue_ms": Schema.count, "run_ms": Schema.count,
            "gpu_seconds": ["type": "number", "minimum": 0],
            "cost": ["type": ["number", "null"], "minimum": 0],
        ])
    }

    private static var failureCode: JSON { Schema.choice(Job.Failure.Code.allCases.map(\.rawValue)) }

    private static var jobError: JSON {
        Schema.object(
            ["code": failureCode, "message": Schema.text, "details": [:]],
            "Why a job failed. The details depend on the code.")
    }

    private static var jobList: JSON {
        Schema.object([
            "jobs": Schema.list(of: reference("JobSummary")),
            "next_cursor": Schema.nullable(Schema.text),
        ])
    }

    private static var jobSummary: JSON {
        Schema.object(
            [
                "job_id": Schema.id, "status": state, "priority": priority,
                "created_at": Schema.time, "queued_at": Schema.time,
                "started_at": Schema.nullable(Schema.time), "completed_at": Schema.nullable(Schema.time),
                "cancel_requested_at": Schema.nullable(Schema.time), "output_count": Schema.count,
                "error": Schema.nullable(Schema.object(["code": failureCode, "message": Schema.text])),
            ], "A job in a list.")
    }

    private static var jobEvent: JSON {
        func event(_ name: String, _ schema: String, hasID: Bool = true) -> JSON {
            var fields: JSON.Object = [
                "event": ["const": .string(name)],
                "data": [
                    "type": "string", "contentMediaType": "application/json",
                    "contentSchema": reference(schema),
                ],
            ]
            if hasID { fields["id"] = Schema.text }
            return Schema.object(fields)
        }
        return [
            "description": "One event of the stream: the job as it is now, its progress, or what it shows.",
            "anyOf": [
                event("state", "Job"), event("progress", "Progress"),
                event("preview", "Preview", hasID: false),
            ],
        ]
    }

    private static var preview: JSON {
        [
            "type": "object",
            "description": "What a running job has made so far; of a job that was made with `previews`.",
            "required": [
                "taken_at", "node_id", "content_type", "width", "height", "url", "url_expires_at",
            ],
            "properties": [
                "taken_at": Schema.time, "node_id": Schema.nullable(Schema.text),
                "content_type": Schema.choice(PreviewWriter.contentTypes),
                "width": Schema.count, "height": Schema.count,
                "part": [
                    "type": "integer", "minimum": 0, "description": "Of a job that is run in parts.",
                ],
                "url": Schema.address, "url_expires_at": Schema.nullable(Schema.time),
            ],
        ]
    }

    private static var validation: JSON {
        [
            "type": "object", "required": ["valid", "errors"],
            "properties": [
                "valid": ["type": "boolean"],
                "errors": Schema.list(of: reference("WorkflowFault")),
                "nodes": Schema.count, "outputs": Schema.list(of: Schema.text),
                "pictures": [
                    "type": "integer", "minimum": 0, "description": "How many it makes at the most.",
                ],
                "checkpoint": Schema.nullable(Schema.text),
                "estimated_start_at": startEstimate, "estimated_seconds": durationEstimate,
            ],
        ]
    }

    private static let startEstimate: JSON = [
        "type": ["string", "null"], "format": "date-time",
        "description":
            "Of what is queued, from the mean of the last runs of such workflows; null when none is known.",
    ]
    private static let durationEstimate: JSON = [
        "type": ["number", "null"], "minimum": 0, "description": "The same for how long it runs.",
    ]

    private static var workflowFault: JSON {
        Schema.object([
            "node_id": Schema.nullable(Schema.text), "class_type": Schema.nullable(Schema.text),
            "input": Schema.nullable(Schema.text), "code": Schema.text, "message": Schema.text,
        ])
    }

    private static var fieldFault: JSON {
        Schema.object(["field": Schema.text, "code": Schema.text, "message": Schema.text])
    }

    private static var readiness: JSON {
        Schema.object([
            "dynamodb": ["const": "ok"], "s3": ["const": "ok"], "workers": Schema.count,
            "workers_alive": Schema.count, "status": ["const": "ready"],
        ])
    }

    private static var error: JSON {
        Schema.object([
            "error": Schema.object([
                "code": Schema.choice(APIError.Code.allCases.map(\.rawValue)),
                "message": [
                    "type": "string", "description": "One sentence for a person.",
                ],
                "details": [
                    "type": ["object", "null"],
                    "description": "`errors`, a list of every fault, when the request has some.",
                    "properties": [
                        "errors": Schema.list(
                            of: ["anyOf": [reference("FieldFault"), reference("WorkflowFault")]])
                    ],
                ],
                "request_id": Schema.text,
            ])
        ])
    }
}
