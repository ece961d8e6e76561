internal import CCurl
import Synchronization

/// A client's easy handles between their uses: making one and setting its options costs more than a small request.
///
/// `@unchecked Sendable`: the handles are used on the loop's thread only; the rest does not change or is atomic.
final class HandlePool: @unchecked Sendable {
    let loop: EventLoop
    let configuration: HTTPClient.Configuration
    private let certificates: String?
    private var free: [EasyHandle] = []
    private let opened = Atomic<Int>(0)

    init(loop: EventLoop, _ configuration: HTTPClient.Configuration) {
        self.loop = loop
        self.configuration = configuration
        certificates = configuration.caBundle ?? CertificateBundle.path()
    }

    func take() -> EasyHandle {
        free.popLast() ?? make()
    }

    /// A handle that will not come back.
    func make() -> EasyHandle {
        EasyHandle(configuration, certificates: certificates)
    }

    func give(_ easy: EasyHandle) {
        if free.count < configuration.maximumConnections { free.append(easy) }
    }

    func countConnections(_ count: Int) {
        if count > 0 { opened.add(count, ordering: .relaxed) }
    }

    var connectionsOpened: Int { opened.load(ordering: .relaxed) }
}
