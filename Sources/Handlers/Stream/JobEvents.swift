import AWSClients
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// A job's life as server-sent events: its state, its progress, and what it shows, each as it changes, until it has ended.
///
/// The table is read at an interval: nobody has to know who listens, and whoever runs the job, or takes it over, tells no one but the table.
/// https://html.spec.whatwg.org/multipage/server-sent-events.html
struct JobEvents: Sendable {
    /// How often what happens.
    struct Pace: Sendable {
        /// Between two looks at the job.
        var interval = Duration.seconds(1)
        /// After so long without an event a comment says that the connection lives.
        var heartbeat = Duration.seconds(15)
        /// So long before the invocation's deadline the stream ends, and the client comes back.
        var farewell = Duration.seconds(2)
    }

    /// What a client has seen of a job: the id of each event. A stream that goes on from there sends nothing twice.
    struct Mark: Sendable, Hashable {
        /// Of the job, which counts its transitions.
        var version: Int
        /// A digest of the progress document; empty before the first.
        var progress: String

        init(_ page: JobDocuments.Page) {
            version = page.job.version
            progress = page.progress.map { String(Hex.encode(SHA256.hash($0.serialized())).prefix(12)) } ?? ""
        }

        init(version: Int, progress: String) {
            self.version = version
            self.progress = progress
        }

        /// What `Last-Event-ID` says; nil for what no event of ours had.
        init?(_ text: String) {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, let version = Int(parts[0]), version >= 0, parts[1].utf8.count <= 12
            else {
                return nil
            }
            self.version = version
            progress = String(parts[1])
        }

        var text: String { "\(version)-\(progress)" }
    }

    private let services: Services
    private let pace: Pace
    private let first: JobDocuments.Page
    private let seen: Mark?

    /// nil when there is nothing to tell any more: the job has ended, and the client knows.
    init?(_ page: JobDocuments.Page, after lastEventID: String?, services: Services, pace: Pace = Pace()) {
        seen = lastEventID.flatMap { Mark($0) }
        if page.job.state.isFinal, seen?.version == page.job.version { return nil }
        first = page
        self.services = services
        self.pace = pace
    }

    /// Writes events until the job has ended, is gone, or the deadline is near. What goes wrong on the way ends the stream: the client
    /// comes back and says what it has seen.
    func send(until deadline: Timestamp, _ write: (String) async throws -> Void) async throws {
        try await write("retry: 1000\n\n")
        var (page, seen, lastWrite) = (first, self.seen, ContinuousClock.now)
        var shown: [Job.ID: Preview] = [:]
        while true {
            let text = try await news(of: page, &seen) + previews(of: page, &shown)
            let silence = lastWrite.duration(to: .now)
            if !text.isEmpty || silence >= pace.heartbeat {
                try await write(text.isEmpty ? ": heartbeat\n\n" : text)
                lastWrite = .now
            }
            if page.job.state.isFinal || deadline - services.now < pace.interval + pace.farewell { return }
            try await services.http.loop.sleep(for: pace.interval)
            do {
                guard let next = try await services.documents.page(page.job.id, at: services.now) else {
                    return
                }
                page = next
            } catch {
                return Log.error("events interrupted", ["error": .string("\(error)")])
            }
        }
    }

    /// The events of what has changed, in one piece.
    private func news(of page: JobDocuments.Page, _ seen: inout Mark?) async throws -> String {
        let now = Mark(page)
        var text = ""
        if seen?.version != now.version {
            seen = Mark(version: now.version, progress: seen?.progress ?? "")
            let view = try await JobPresenter(services: services).json(page, countsQueue: true)
            text += Self.event("state", seen, view)
        }
        if seen?.progress != now.progress, let progress = page.progress, !page.job.state.isFinal {
            seen?.progress = now.progress
            text += Self.event("progress", seen, progress)
        }
        return text
    }

    /// How long a preview's address holds: the next one comes long before.
    private static let previewLifetime: Duration = .seconds(300)

    /// An event for each that is new. They have no id: who comes back needs the newest once more, under an address that holds.
    private func previews(of page: JobDocuments.Page, _ shown: inout [Job.ID: Preview]) async throws -> String
    {
        guard page.previews != shown, !page.job.state.isFinal else { return "" }
        var text = ""
        for (id, preview) in page.previews.sorted(by: { ($0.key.part ?? 0) < ($1.key.part ?? 0) })
        where shown[id] != preview {
            let address = try await services.previews.address(
                of: id, user: page.job.user,
                for: min(Self.previewLifetime, services.configuration.urlLifetime))
            text += "event: preview\ndata: \(preview.json(part: id.part, at: address).text)\n\n"
        }
        shown = page.previews
        return text
    }

    /// Compact JSON has no line break, which would end the field.
    private static func event(_ name: String, _ mark: Mark?, _ data: JSON) -> String {
        "event: \(name)\nid: \(mark?.text ?? "")\ndata: \(data.text)\n\n"
    }
}
