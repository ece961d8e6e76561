import JSON

extension RouteDescription {
    static var modelFolders: RouteDescription {
        RouteDescription(
            summary: "The kinds of models that the workers have",
            details:
                "Of the workers that take jobs, as they were when they were last asked, about a minute ago.",
            tag: .workers,
            answers: [
                Answer(
                    status: 200, summary: "The folders, and how many different files each has.",
                    content: Content(
                        schema: Schema.object([
                            "folders": Schema.list(
                                of: Schema.object(["folder": Schema.text, "models": Schema.count])),
                            "workers": [
                                "type": "integer", "minimum": 0,
                                "description": "Workers of whom the models are known.",
                            ],
                        ])))
            ])
    }

    static var models: RouteDescription {
        RouteDescription(
            summary: "The models of one kind, and which worker has them", tag: .workers,
            answers: [
                Answer(
                    status: 200, summary: "The files, by name.",
                    content: Content(
                        schema: Schema.object([
                            "folder": Schema.text,
                            "models": Schema.list(
                                of: Schema.object([
                                    "name": Schema.text, "workers": Schema.list(of: Schema.workerID),
                                ])),
                        ])))
            ])
    }

    static var queue: RouteDescription {
        RouteDescription(
            summary: "How full the queue is",
            details:
                "Your own jobs are counted now, up to 1,000; all others by each sweep, about once a minute.",
            tag: .workers,
            answers: [
                Answer(
                    status: 200, summary: "What waits and what runs.",
                    content: Content(
                        schema: Schema.object([
                            "queued": Schema.nullable(Schema.count), "running": Schema.nullable(Schema.count),
                            "oldest_queued_seconds": Schema.nullable(Schema.count),
                            "counted_at": Schema.nullable(Schema.time),
                            "yours": Schema.object(["queued": Schema.count, "running": Schema.count]),
                            "workers": Schema.count, "slots": Schema.count,
                        ])))
            ])
    }

    static var workers: RouteDescription {
        RouteDescription(
            summary: "The workers, what they have and do", details: "None is called for this.",
            tag: .workers,
            answers: [
                Answer(
                    status: 200, summary: "All that are known, by their ids.",
                    content: Content(schema: Schema.object(["workers": Schema.list(of: worker)])))
            ])
    }

    static var drainWorker: RouteDescription {
        RouteDescription(
            summary: "Give a worker no more jobs", details: "What runs there runs to its end.",
            tag: .workers, body: [],
            answers: [Answer(status: 200, summary: "The worker.", content: Content(schema: worker))])
    }

    static var undrainWorker: RouteDescription {
        RouteDescription(
            summary: "Give a worker jobs again", tag: .workers, body: [],
            answers: [Answer(status: 200, summary: "The worker.", content: Content(schema: worker))])
    }

    private static var memory: JSON {
        Schema.object(
            ["total": Schema.nullable(Schema.count), "free": Schema.nullable(Schema.count)], "Bytes.")
    }

    private static var worker: JSON {
        Schema.object([
            "worker": Schema.workerID, "status": Schema.choice(WorkerView.Status.allCases.map(\.rawValue)),
            "labels": Schema.list(of: Schema.text), "slots": Schema.count,
            "checkpoint": [
                "type": ["string", "null"], "description": "The checkpoint it loaded last.",
            ],
            "checkpoints": [
                "type": ["array", "null"], "items": Schema.text,
                "description": "Those it has; null when that is not known, or they are too many.",
            ],
            "prompts": [
                "type": "integer", "minimum": 0,
                "description": "How many it ran and had waiting when it was last asked.",
            ],
            "seen_at": Schema.nullable(Schema.time),
            "details": Schema.nullable(
                Schema.object(
                    [
                        "version": Schema.nullable(Schema.text), "ram": memory,
                        "devices": Schema.list(of: Schema.object(["name": Schema.text, "vram": memory])),
                        "failures": Schema.count, "left_out_until": Schema.nullable(Schema.time),
                        "draining_since": Schema.nullable(Schema.time),
                    ], "For administrators.")),
        ])
    }
}
