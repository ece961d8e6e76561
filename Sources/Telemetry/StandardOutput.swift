internal import Glibc

/// One line, one `write`: Lambda makes a log event of each, and lines of several threads do not mix. Only a pipe that is full takes a
/// line in pieces; a line that nobody can take any more is lost, as a log must not end what it tells of.
func standardOutput(_ line: [UInt8]) { writeLine(line, to: STDOUT_FILENO) }

func writeLine(_ line: [UInt8], to descriptor: Int32) {
    unsafe line.span.withUnsafeBytes { buffer in
        var written = 0
        while written < buffer.count {
            let count = unsafe write(
                descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            if count > 0 {
                written += count
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&ready, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
