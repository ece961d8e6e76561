import JSON
import Time

/// What `run` ends with: the job, its files, and the message about it.
struct JobResult: Sendable {
    let job: JSON
    let files: [String]
    /// SNS's envelope as it lay in the subscriber's queue.
    let notification: JSON

    var isCompleted: Bool { job["status"]?.string == "completed" }

    /// One JSON document, or a table, the paths and the message.
    func show(on console: Console, duration: Duration) {
        if console.isJSON {
            let document: JSON = [
                "job": job, "files": .array(files.map { .string($0) }), "notification": notification,
                "duration_ms": .number(duration.milliseconds),
            ]
            return console.print(document.text)
        }
        let style = console.output
        console.print("\n" + Table(rows: rows(duration)).rendered(style))
        for file in files { console.print("\n\(style.paint(file, .bold))") }
        let topic = notification["TopicArn"]?.string ?? "its topic"
        console.print("\n\(style.paint("SNS message", .bold)) received from \(topic):")
        console.print(messageText)
    }

    /// The message as indented JSON, and the attributes that subscribers filter by.
    var messageText: String {
        let text = notification["Message"]?.string ?? ""
        let shown = (try? JSON(parsing: text))?.prettyText ?? text
        var lines = shown.split(separator: "\n").map(String.init)
        let attributes = (notification["MessageAttributes"]?.object ?? [:]).map { name, attribute in
            "\(name)=\(attribute["Value"]?.string ?? "")"
        }
        if !attributes.isEmpty { lines.append("attributes: \(attributes.joined(separator: " "))") }
        return lines.map(JobProgress.printable).joined(separator: "\n")
    }

    /// With how long all of it took.
    func rows(_ duration: Duration) -> [[String]] {
        Self.rows(of: job) + [["Everything", Quantity.time(milliseconds: Int(duration.milliseconds))]]
    }

    /// Names and values, absent ones left out.
    static func rows(of job: JSON) -> [[String]] {
        var rows: [[String]] = []
        func add(_ name: String, _ value: String?) {
            if let value { rows.append([name, JobProgress.printable(value)]) }
        }
        add("Job", job["job_id"]?.string)
        let isToBeCancelled =
            job["status"]?.string == "running" && job["cancel_requested_at"]?.string != nil
        add("Status", isToBeCancelled ? "running, to be cancelled" : job["status"]?.string)
        if let error = job["error"]?.object {
            add(
                "Error",
                [error["code"]?.string, error["message"]?.string].compactMap(\.self).joined(separator: ": "))
        }
        add("Created", job["created_at"]?.string)
        add("Waited", job["usage"]?["queue_ms"]?.int.map(Quantity.time))
        add("Ran", job["usage"]?["run_ms"]?.int.map(Quantity.time))
        add("Nodes", job["progress"]?["nodes_total"]?.int.map(String.init))
        add("Seed", job["seed"]?.number?.text)
        for output in job["outputs"]?.array ?? [] {
            let size = output["width"]?.int.flatMap { width in
                output["height"]?.int.map { "\(width) × \($0)" }
            }
            let parts = [
                size, output["content_type"]?.string, output["bytes"]?.int.map(Quantity.bytes),
            ]
            add("Output \(output["index"]?.int ?? 0)", parts.compactMap(\.self).joined(separator: ", "))
        }
        return rows
    }
}
