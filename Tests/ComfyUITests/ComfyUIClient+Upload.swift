import ComfyUI
import Synchronization

extension ComfyUIClient {
    /// A picture in two pieces.
    func upload(_ bytes: [UInt8], filename: String, subfolder: String = "", overwrite: Bool = false)
        async throws(ComfyUIError) -> String
    {
        let pieces = Pieces([[bytes[0]], Array(bytes.dropFirst())].filter { !$0.isEmpty })
        return try await uploadImage(filename: filename, subfolder: subfolder, overwrite: overwrite) {
            pieces.next()
        }
    }
}

private final class Pieces: Sendable {
    private let left: Mutex<[[UInt8]]>

    init(_ pieces: [[UInt8]]) { left = Mutex(pieces) }

    func next() -> [UInt8]? { left.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
