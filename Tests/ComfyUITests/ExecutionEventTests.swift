import JSON
import Testing

@testable import ComfyUI

@Suite struct ExecutionEventTests {
    @Test("every frame recorded is understood", arguments: Recording.names)
    func recorded(file: String) throws {
        let recording = try Recording(file)
        for socket in 0..<recording.socketCount {
            for frame in recording.frames(socket) {
                let event = try #require(ExecutionEvent(frame: frame), "\(frame.prefix(200))")
                if case .other(let type) = event { #expect(type == "feature_flags") }
            }
        }
    }

    @Test("a successful run, frame by frame")
    func success() throws {
        let frames = try Recording("01-run-success").frames()
        let events = frames.compactMap(ExecutionEvent.init(frame:)).map(Self.summary)
        let id = "d61f162a-38bc-4e02-b245-b1d994287a91"
        #expect(
            events == [
                "status 0", "status 1", "status 1", "started \(id)", "cached ", "state 1:0.0/1.0",
                "executing 1",
                "state 1:1.0/1.0!", "state 1:1.0/1.0! 2:0.0/1.0", "executing 2", "executed 2",
                "state 1:1.0/1.0! 2:1.0/1.0!", "succeeded \(id)", "status 0", "executing nil",
            ])
    }

    @Test("right after connecting 'executing' has no prompt id")
    func reconnected() throws {
        let frames = try Recording("41-ws-reconnect-mid-run").frames(1)
        guard case .executing(nil, "3") = ExecutionEvent(frame: frames[1]) else {
            Issue.record("\(frames[1])")
            return
        }
    }

    @Test("an error carries neither inputs nor traceback nor paths")
    func failure() throws {
        let frames = try Recording("12-run-time-error").frames()
        let failures = frames.compactMap { frame -> HistoryEntry.NodeFailure? in
            if case .failed(_, let failure) = ExecutionEvent(frame: frame) { failure } else { nil }
        }
        #expect(
            failures.first
                == HistoryEntry.NodeFailure(
                    nodeID: "3", classType: "ProbeRaise", exceptionType: "ValueError", message: "deliberate",
                    isOutOfMemory: false))
        #expect(failures.last?.isOutOfMemory == true)
    }

    @Test(arguments: [
        "", "{", "[]", "7", #"{"type":7}"#, #"{"data":{}}"#, "null", String(repeating: "[", count: 10_000),
    ])
    func noFrames(text: String) {
        #expect(ExecutionEvent(frame: text) == nil)
    }

    @Test(arguments: [
        #"{"type":"progress","data":{"value":"x","max":3,"prompt_id":"p"}}"#,
        #"{"type":"progress","data":{"value":1e999,"max":3,"prompt_id":"p"}}"#,
        #"{"type":"executing"}"#, #"{"type":"executing","data":{}}"#, #"{"type":"status","data":7}"#,
        #"{"type":"executed","data":{"prompt_id":"p"}}"#, #"{"type":"execution_start","data":{}}"#,
        #"{"type":"something new","data":{"prompt_id":"p"}}"#,
    ])
    func unknownForms(text: String) {
        guard case .other = ExecutionEvent(frame: text) else {
            Issue.record("\(text) was taken for more than it is")
            return
        }
    }

    private static func summary(_ event: ExecutionEvent) -> String {
        switch event {
        case .started(let id): "started \(id)"
        case .cached(_, let nodes): "cached \(nodes.joined(separator: ","))"
        case .executing(_, let node): "executing \(node ?? "nil")"
        case .progress(_, let node, let value, let maximum): "progress \(node ?? "nil") \(value)/\(maximum)"
        case .progressState(_, let nodes):
            "state "
                + nodes.map { "\($0.node):\($0.value)/\($0.maximum)\($0.finished ? "!" : "")" }.joined(
                    separator: " ")
        case .executed(_, let node, _): "executed \(node)"
        case .succeeded(let id): "succeeded \(id)"
        case .failed(_, let failure): "failed \(failure.exceptionType)"
        case .interrupted: "interrupted"
        case .status(let count): "status \(count)"
        case .other(let type): "other \(type)"
        }
    }
}
