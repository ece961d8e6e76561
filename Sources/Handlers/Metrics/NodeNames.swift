import ComfyUI
import Synchronization

/// The classes of nodes that metrics and traces may name: those of the allow list. Made with the first run: reading the node catalog
/// takes as long as the rest of a start.
final class NodeNames: Sendable {
    private let setting: String?
    private let made = Mutex<Set<String>?>(nil)

    /// `setting` is `ALLOWED_NODE_TYPES`.
    init(_ setting: String?) { self.setting = setting }

    var all: Set<String> {
        made.withLock { made in
            if let made { return made }
            let names = NodeCatalog.standard.names(allowedBy: setting)
            made = names
            return names
        }
    }
}
