internal import CCurl
import Crypto

/// Owns libcurl's multi handle: all transfers of one loop, their connections and their poll. All of it belongs to the
/// loop's thread.
@safe final class MultiHandle {
    /// Made for the first transfer: a program that asks nobody but its `PlainClient`'s server never pays for libcurl.
    private var made: UnsafeMutableRawPointer?
    /// libcurl keeps plain pointers to the easy handles in it; this keeps their owners alive.
    private var members: [EasyHandle] = []
    private var connectionLimit = 0

    private var handle: UnsafeMutableRawPointer {
        if let made = unsafe made { return unsafe made }
        Curl.initialize()
        guard let handle = unsafe curl_multi_init() else { preconditionFailure("libcurl found no memory") }
        unsafe made = unsafe handle
        if connectionLimit > 0 {
            unsafe comfy_curl_multi_setopt_long(handle, CURLMOPT_MAXCONNECTS, connectionLimit)
        }
        return unsafe handle
    }

    init() { OpenSSLErrorTexts.putOff() }

    deinit {
        guard let made = unsafe made else { return }
        for member in members { unsafe curl_multi_remove_handle(made, member.pointer) }
        unsafe curl_multi_cleanup(made)
    }

    /// Whether any transfer, finished connect-only ones included, is in it.
    var isEmpty: Bool { members.isEmpty }

    var handles: [EasyHandle] { members }

    /// Idle connections kept. libcurl's own default, four times the handles in it at the moment, drops
    /// connections whenever concurrency sinks. The largest demand of all clients of the loop holds.
    func keepConnections(_ count: Int) {
        guard count > connectionLimit else { return }
        connectionLimit = count
        if let made = unsafe made { unsafe comfy_curl_multi_setopt_long(made, CURLMOPT_MAXCONNECTS, count) }
    }

    /// Starts a transfer; false when libcurl refuses the handle.
    func add(_ easy: EasyHandle) -> Bool {
        guard unsafe curl_multi_add_handle(handle, easy.pointer) == CURLM_OK else { return false }
        easy.place = members.count
        members.append(easy)
        return true
    }

    /// Ends a transfer, finished or not. Not from inside a callback of libcurl's.
    func remove(_ easy: EasyHandle) {
        guard let place = easy.place else { return }
        // The last one takes its place: nothing has to be searched or moved up.
        members.swapAt(place, members.count - 1)
        members[place].place = place
        members.removeLast()
        easy.place = nil
        unsafe curl_multi_remove_handle(handle, easy.pointer)
    }

    /// Moves all transfers on as far as they go without waiting.
    func perform() {
        var running: Int32 = 0
        unsafe curl_multi_perform(handle, &running)
    }

    /// The next transfer that has ended, and how.
    func nextFinished() -> (EasyHandle, CURLcode)? {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(handle, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let pointer = unsafe message.pointee.easy_handle
            else { continue }
            let result = unsafe message.pointee.data.result
            if let easy = unsafe EasyHandle.owner(of: pointer) { return (easy, result) }
        }
        return nil
    }

    /// Sleeps until libcurl has work, `descriptor` is readable or the time is over. True when the descriptor is ready.
    func poll(_ descriptor: Int32, nanoseconds: Int64) -> Bool {
        // Rounded up: a timer that wakes early only sleeps again.
        let milliseconds = Int32(clamping: (nanoseconds + 999_999) / 1_000_000)
        var extra = curl_waitfd(fd: descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        unsafe curl_multi_poll(handle, &extra, 1, milliseconds, nil)
        return extra.revents != 0
    }
}
