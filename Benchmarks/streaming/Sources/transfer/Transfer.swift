import AWSClients
import Glibc
import HTTP

/// `transfer ENDPOINT MEGABYTES`: uploads an object of that size in parts, uploads it as one stream, and downloads it,
/// each from or to nowhere. Prints for each the seconds, and by how many KB memory rose above idle at its highest.
@main enum Transfer {
    static func main() throws {
        guard CommandLine.arguments.count == 3, let endpoint = URL(CommandLine.arguments[1]),
            let megabytes = Int(CommandLine.arguments[2])
        else { fatalError("usage: transfer ENDPOINT MEGABYTES") }
        let loop = EventLoop()
        try loop.run {
            var configuration = try AWSClient.Configuration(region: "us-east-1")
            configuration.endpoint = endpoint
            let client = AWSClient(
                http: HTTPClient(loop: loop), configuration: configuration,
                credentials: Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret"))
            let s3 = S3(client)
            let size = megabytes << 20
            // Idle is after a first object has been there and back: connections, tables and all.
            try await s3.put([1, 2, 3], bucket: "bucket", key: "small")
            _ = try await s3.get(bucket: "bucket", key: "3")
            try await measure("upload in parts") {
                let source = Source(size)
                try await s3.upload(bucket: "bucket", key: "large") { await source.next() }
            }
            try await measure("upload as one stream") {
                let source = Source(size)
                try await s3.put(length: size, bucket: "bucket", key: "large") { await source.next() }
            }
            try await measure("download") {
                // The server gives as many bytes as the key says.
                var count = 0
                for try await piece in try await s3.stream(bucket: "bucket", key: "\(size)") {
                    count += piece.count
                }
                precondition(count == size)
            }
        }
    }

    private static func measure(_ name: String, _ work: () async throws -> Void) async throws {
        let idle = memory("VmRSS")
        // Makes VmHWM begin again (proc(5)).
        if let file = unsafe fopen("/proc/self/clear_refs", "w") {
            unsafe fputs("5", file)
            unsafe fclose(file)
        }
        let clock = ContinuousClock()
        let start = clock.now
        try await work()
        let time = clock.now - start
        print(name, time / .milliseconds(1), memory("VmHWM") - idle, separator: "\t")
    }

    /// A line of /proc/self/status, in KB.
    private static func memory(_ name: String) -> Int {
        guard let file = unsafe fopen("/proc/self/status", "r") else { return 0 }
        defer { unsafe _ = fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while unsafe fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix(name + ":") { return Int(text.filter(\.isNumber)) ?? 0 }
        }
        return 0
    }

    /// Bytes that differ from piece to piece.
    actor Source {
        private var rest: Int
        private var number: UInt8 = 0

        init(_ size: Int) { rest = size }

        func next() -> [UInt8]? {
            guard rest > 0 else { return nil }
            let count = min(rest, 64 << 10)
            rest -= count
            number &+= 1
            return [UInt8](repeating: number, count: count)
        }
    }
}
