// For the C streams, which the header declares as variables; nothing here changes them.
@unsafe @preconcurrency internal import Glibc

/// What is printed the C way (Swift's `print` included) leaves at the end of each line. On a pipe it would leave at every 4096 bytes,
/// lines torn, and what is left be lost with the process.
func printWholeLines() { unsafe setvbuf(stdout, nil, _IOLBF, 0) }

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
