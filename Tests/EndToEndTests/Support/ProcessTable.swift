import Glibc
import TestSupport

/// A process by its number and its start: the number alone may be given again.
struct ProcessIdentity: Hashable, Sendable, CustomStringConvertible {
    let id: pid_t
    let start: String
    /// For reading only.
    let command: String
    var description: String { "\(id) \(command)" }

    /// Whether it still runs; one that waits to be reaped does not.
    var isAlive: Bool {
        guard let entry = ProcessTable.entry(id) else { return false }
        return entry.start == start && entry.state != "Z"
    }

    /// Ends it as a crash would, and returns when it runs no more.
    func kill() {
        guard isAlive else { return }
        Glibc.kill(id, SIGKILL)
        while isAlive { usleep(500) }
    }
}

/// What `/proc` says of the processes of this machine.
enum ProcessTable {
    struct Entry {
        let id: pid_t
        let command: String
        let state: Substring
        let parent: pid_t
        let start: String
    }

    /// proc_pid_stat(5): the command stands in parentheses and may hold anything.
    static func entry(_ id: pid_t) -> Entry? {
        guard let text = try? Fixtures.text("/proc/\(id)/stat"), let open = text.firstIndex(of: "("),
            let close = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let parent = pid_t(fields[1]) else { return nil }
        return Entry(
            id: id, command: String(text[text.index(after: open)..<close]), state: fields[0], parent: parent,
            start: String(fields[19]))
    }

    /// Children, their children, and so on.
    static func descendants(of ancestor: pid_t) -> Set<ProcessIdentity> {
        let entries = ((try? Fixtures.list("/proc")) ?? []).compactMap { pid_t($0) }.compactMap(entry)
        var found: Set<ProcessIdentity> = []
        var parents: Set<pid_t> = [ancestor]
        while !parents.isEmpty {
            let children = entries.filter { parents.contains($0.parent) && $0.state != "Z" }
            for child in children {
                found.insert(ProcessIdentity(id: child.id, start: child.start, command: child.command))
            }
            parents = Set(children.map(\.id))
        }
        return found
    }

    /// Those of the tests' own process.
    static func children() -> Set<ProcessIdentity> { descendants(of: getpid()) }

    /// The variables that a process was started with.
    static func environment(of id: pid_t) -> [String] {
        guard let bytes = try? Fixtures.bytes("/proc/\(id)/environ") else { return [] }
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}
