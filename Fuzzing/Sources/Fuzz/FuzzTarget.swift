import Glibc

/// What is fuzzed. `FUZZ_TARGET` picks one for the process.
enum FuzzTarget: String, CaseIterable {
    case xml, json, date, event, websocket, response, chunks

    static let current: FuzzTarget = {
        let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            fatalError("FUZZ_TARGET is '\(name)'; expected one of \(allCases.map(\.rawValue))")
        }
        return target
    }()

    /// Ends the process where an input breaks what always holds.
    func run(_ bytes: [UInt8]) {
        switch self {
        case .xml: fuzzXML(bytes)
        case .json: fuzzJSON(bytes)
        case .date: fuzzHTTPDate(bytes)
        case .event: fuzzEvent(bytes)
        case .websocket: fuzzWebSocket(bytes)
        case .response: fuzzResponse(bytes)
        case .chunks: fuzzChunks(bytes)
        }
    }
}

/// libFuzzer's call for each input (https://llvm.org/docs/LibFuzzer.html).
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe FuzzTarget.current.run(Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}
