import JSON

extension RouteDescription {
    static var generate: RouteDescription {
        RouteDescription(
            summary: "Make a picture from a prompt",
            details: "Parameters become a graph of ComfyUI's nodes, and that a job.",
            tag: .jobs, headers: [IdempotencyKey.description, WaitPreference.description],
            body: GenerateRequest.fields,
            bodyExamples: [
                ("prompt", ["prompt": "a lighthouse at dusk"]),
                (
                    "parameters",
                    [
                        "prompt": "a lighthouse at dusk", "negative_prompt": "people", "width": 768,
                        "height": 512, "steps": 30, "cfg_scale": 6.5, "sampler": "DPM++ 2M Karras",
                        "seed": 42, "priority": "high", "metadata": ["order": "A-17"],
                    ]
                ),
            ],
            answers: submitted, errors: [.idempotencyMismatch, .invalidWorkflow])
    }

    static var executeWorkflow: RouteDescription {
        RouteDescription(
            summary: "Run a workflow", details: "A graph becomes a job, when nothing is wrong with it.",
            tag: .workflows, headers: [IdempotencyKey.description, WaitPreference.description],
            body: WorkflowRequest.fields, bodyExamples: [("workflow", workflowExample)],
            answers: submitted, errors: [.idempotencyMismatch, .invalidWorkflow])
    }

    static var validateWorkflow: RouteDescription {
        RouteDescription(
            summary: "Say what is wrong with a workflow",
            details:
                "Everything but running it. A faulty graph is what was asked about, so that it is no error.",
            tag: .workflows, body: WorkflowRequest.fields, bodyExamples: [("workflow", workflowExample)],
            answers: [
                Answer(
                    status: 200, summary: "What was found.",
                    content: Content(schema: Contract.reference("Validation")))
            ])
    }

    /// The answers of whatever makes a job.
    static var submitted: [Answer] {
        [200, 202].map { status in
            Answer(
                status: status,
                summary: status == 200 ? "The job has ended already." : "The job waits or runs.",
                content: Content(schema: Contract.reference("Job")),
                headers: [
                    ("Location", "The job's path."),
                    ("Preference-Applied", "The wait that was asked for, bounded."),
                ])
        }
    }

    /// What `generate` makes, written out.
    static let workflowExample: JSON = [
        "workflow": [
            "1": [
                "class_type": "CheckpointLoaderSimple",
                "inputs": ["ckpt_name": "sd_xl_base_1.0.safetensors"],
            ],
            "2": ["class_type": "CLIPTextEncode", "inputs": ["text": "a lighthouse", "clip": ["1", 1]]],
            "3": ["class_type": "CLIPTextEncode", "inputs": ["text": "", "clip": ["1", 1]]],
            "4": [
                "class_type": "EmptyLatentImage", "inputs": ["width": 512, "height": 512, "batch_size": 1],
            ],
            "5": [
                "class_type": "KSampler",
                "inputs": [
                    "model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0],
                    "seed": 42, "steps": 20, "cfg": 7, "sampler_name": "euler", "scheduler": "normal",
                    "denoise": 1,
                ],
            ],
            "6": ["class_type": "VAEDecode", "inputs": ["samples": ["5", 0], "vae": ["1", 2]]],
            "7": [
                "class_type": "SaveImage", "inputs": ["images": ["6", 0], "filename_prefix": "lighthouse"],
            ],
        ]
    ]

    static var jobList: RouteDescription {
        RouteDescription(
            summary: "Your jobs, newest first",
            details: "Entries are shorter than a job, and may lag by a moment.",
            tag: .jobs, query: JobRoutes.listQuery,
            answers: [
                Answer(
                    status: 200, summary: "A page.", content: Content(schema: Contract.reference("JobList")))
            ])
    }

    static var job: RouteDescription {
        RouteDescription(
            summary: "One job: state, progress, results",
            tag: .jobs,
            answers: [
                Answer(
                    status: 200, summary: "The job as it is now.",
                    content: Content(schema: Contract.reference("Job")))
            ])
    }

    static var jobImage: RouteDescription {
        RouteDescription(
            summary: "To the picture", tag: .jobs, query: JobRoutes.imageQuery,
            answers: [
                Answer(
                    status: 302, summary: "To the output's own address, which needs no further permission.",
                    headers: [("Location", "The address.")])
            ], errors: [.conflict])
    }

    static var jobEvents: RouteDescription {
        RouteDescription(
            summary: "A job's life as server-sent events",
            details: """
                Events `state` (the whole job) and `progress`, and `preview` (an address of what has been made so far) of a job that was \
                made with `previews`, until the job has ended. A client that comes back with `Last-Event-ID` is sent nothing twice but \
                the newest preview. Only an address that streams has them: another one leads there.
                """,
            tag: .jobs,
            headers: [
                FieldDescription(
                    header: "Last-Event-ID", ["type": "string"], "The id of the last event that was seen.")
            ],
            answers: [
                Answer(
                    status: 200, summary: "The events.",
                    content: Content(type: "text/event-stream", schema: Contract.reference("JobEvent"))),
                Answer(status: 204, summary: "The job has ended, and the client knows."),
                Answer(
                    status: 307, summary: "Where the events are.", headers: [("Location", "The address.")]),
            ])
    }

    static var deleteJob: RouteDescription {
        RouteDescription(
            summary: "Throw a job away",
            details: """
                With its workflow, its metadata and its outputs; then it is 404. One that has not ended is to be cancelled first. Its \
                `Idempotency-Key` stays spent for its 24 hours.
                """,
            tag: .jobs, answers: [Answer(status: 204, summary: "It is gone.")], errors: [.conflict])
    }

    static var cancelJob: RouteDescription {
        RouteDescription(
            summary: "Stop a job", details: "A repeat gets the same answer.", tag: .jobs, body: [],
            answers: [
                Answer(
                    status: 200, summary: "It is cancelled.",
                    content: Content(schema: Contract.reference("Job"))),
                Answer(
                    status: 202, summary: "It runs, and will be cancelled when the worker has let go of it.",
                    content: Content(schema: Contract.reference("Job"))),
            ], errors: [.conflict])
    }
}
