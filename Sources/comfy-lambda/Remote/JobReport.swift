import JSON

/// What the commands for a deployed API end with: a job, and the files that were fetched.
struct JobReport: Sendable {
    let job: JSON
    var files: [String] = []

    /// One JSON document, or a table and the paths.
    func show(on console: Console) {
        if console.isJSON { return console.print(document.text) }
        console.print(Table(rows: JobResult.rows(of: job)).rendered(console.output))
        for file in files { console.print(console.output.paint(file, .bold)) }
    }

    /// Without addresses that carry their own permission, for it may end in a log.
    var document: JSON {
        var document = job.object ?? [:]
        document["outputs"] = .array((job["outputs"]?.array ?? []).map(Self.withoutAddress))
        document["image_url"] = nil
        document["files"] = files.isEmpty ? nil : .array(files.map { .string($0) })
        return .object(document)
    }

    private static func withoutAddress(_ output: JSON) -> JSON {
        var output = output.object ?? [:]
        output["url"] = nil
        output["url_expires_at"] = nil
        return .object(output)
    }
}
