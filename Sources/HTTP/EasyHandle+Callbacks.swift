internal import CCurl

// How libcurl's calls reach the transfer that uses the handle.
extension EasyHandle {
    func setCallbacks() {
        unsafe comfy_curl_setopt_data_callback(pointer, CURLOPT_HEADERFUNCTION) { data, _, count, owner in
            guard let delegate = unsafe EasyHandle.delegate(owner) else { return 0 }
            let line = unsafe UnsafeRawBufferPointer(start: data, count: count)
            return unsafe delegate.receive(headerLine: line) ? count : 0
        }
        unsafe comfy_curl_setopt_data_callback(pointer, CURLOPT_WRITEFUNCTION) { data, _, count, owner in
            guard let delegate = unsafe EasyHandle.delegate(owner) else { return 0 }
            let piece = unsafe UnsafeRawBufferPointer(start: data, count: count)
            switch unsafe delegate.receive(body: piece) {
            case .taken: return count
            case .pause: return Int(CURL_WRITEFUNC_PAUSE)
            // Any other count than the piece's own is an error; 0 would be right for an empty piece.
            case .stop: return count &+ 1
            }
        }
        unsafe comfy_curl_setopt_data_callback(pointer, CURLOPT_READFUNCTION) { data, size, count, owner in
            guard let delegate = unsafe EasyHandle.delegate(owner) else { return Int(CURL_READFUNC_ABORT) }
            switch unsafe delegate.fill(UnsafeMutableRawBufferPointer(start: data, count: size * count)) {
            case .bytes(let filled): return filled
            case .pause: return Int(CURL_READFUNC_PAUSE)
            case .end: return 0
            case .stop: return Int(CURL_READFUNC_ABORT)
            }
        }
        unsafe comfy_curl_setopt_seek_callback(pointer) { owner, offset, origin in
            guard offset == 0, origin == SEEK_SET, let delegate = unsafe EasyHandle.delegate(owner) else {
                return CURL_SEEKFUNC_FAIL
            }
            return delegate.rewind() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
        }
    }

    /// Has libcurl ask for trailers after the last piece of a chunked body; it frees the list. Such a handle must not be used
    /// again: libcurl 7.88 leaves its trailer state at "done", and then writes the next body's chunk sizes in front of its
    /// buffer.
    func askForTrailers() {
        let owner = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe comfy_curl_setopt_pointer(pointer, CURLOPT_TRAILERDATA, owner)
        unsafe comfy_curl_setopt_trailer_callback(pointer) { list, owner in
            guard let list = unsafe list, let delegate = unsafe EasyHandle.delegate(owner) else {
                return Int32(CURL_TRAILERFUNC_ABORT)
            }
            for (name, value) in delegate.trailers() {
                unsafe list.pointee = unsafe curl_slist_append(list.pointee, "\(name): \(value)")
            }
            return Int32(CURL_TRAILERFUNC_OK)
        }
    }

    private static func delegate(_ owner: UnsafeMutableRawPointer?) -> (any TransferDelegate)? {
        guard let owner = unsafe owner else { return nil }
        return unsafe Unmanaged<EasyHandle>.fromOpaque(owner).takeUnretainedValue().delegate
    }
}
