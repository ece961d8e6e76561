import JSON
import Testing

@testable import ComfyUI

@Suite struct HistoryEntryTests {
    /// Recording, beginning of the prompt id, outcome, files as `node type subfolder/filename`.
    static let recorded: [(String, String, HistoryEntry.Outcome, [String])] = [
        ("01-run-success", "d61f162a", .success, ["2 output /ok01_00001_.png"]),
        (
            "11-filename-prefix-and-partial", "5a913818", .success,
            ["2 output sub dir/2026-64x64/name_00001_.png"]
        ),
        // PreviewImage's two files are of type temp.
        (
            "14-core-workflows", "6be15b6a", .success,
            ["2 output /batch_00001_.png", "2 output /batch_00002_.png"]
        ),
        ("14-core-workflows", "42ddc777", .success, ["2 output video/probe_00001_.mp4"]),
        ("14-core-workflows", "701d1ca9", .success, ["2 output audio/probe_00001.flac"]),
        ("13-execution-blocked", "8268d77b", .success, []),
        ("15c-save-image-websocket", "a1a0c6b7", .success, []),
        ("21-interrupt-by-id", "df407955", .interrupted, []),
        ("v0.3.64/21-interrupt", "8ae84365", .interrupted, []),
        (
            "12-run-time-error", "11b644ad",
            .failed(failure("3", "ProbeRaise", "ValueError", "deliberate")), ["5 output /before_00001_.png"]
        ),
        (
            "v0.3.64/01-runs", "5c4da543",
            .failed(failure("3", "ProbeRaise", "ValueError", "deliberate")), ["5 output /before_00001_.png"]
        ),
        (
            "12b-run-time-error-core", "0ee097d0",
            .failed(
                failure("1", "LoadImage", "PIL.UnidentifiedImageError", "cannot identify image file '[path]'")
            ), []
        ),
        (
            "11-filename-prefix-and-partial", "96549197",
            .failed(
                failure(
                    "2", "SaveImage", "Exception",
                    "**** ERROR: Saving image outside the output folder is not allowed.\n full_output_folder: [path]\n"
                        + "         output_dir: [path]")), []
        ),
    ]

    private static func failure(_ node: String, _ classType: String, _ type: String, _ message: String)
        -> HistoryEntry.NodeFailure
    {
        .init(nodeID: node, classType: classType, exceptionType: type, message: message, isOutOfMemory: false)
    }

    @Test(arguments: recorded)
    func outcomes(file: String, id: String, outcome: HistoryEntry.Outcome, files: [String]) throws {
        let entry = try Recording(file).history(id)
        #expect(entry.outcome == outcome)
        #expect(entry.files.map { "\($0.nodeID) \($0.type) \($0.subfolder)/\($0.filename)" } == files)
    }

    @Test("every recorded entry is complete, and what failed says so", arguments: Recording.names)
    func all(file: String) throws {
        for (id, json) in try Recording(file).histories {
            let entry = try #require(HistoryEntry(json), "\(id)")
            #expect((entry.outcome == .success) == (json["status"]?["status_str"]?.string == "success"))
        }
    }

    @Test(
        "memory that ran out, on a GPU and on a CPU",
        arguments: [
            ("12-run-time-error", "c52644d8", "torch.OutOfMemoryError"),
            ("12b-run-time-error-core", "7863b6dd", "RuntimeError"),
        ])
    func outOfMemory(file: String, id: String, type: String) throws {
        guard case .failed(let failure) = try Recording(file).history(id).outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.isOutOfMemory)
        #expect(failure.exceptionType == type)
    }

    @Test("texts that a node showed, beside an animation")
    func texts() throws {
        let entry = try Recording("14-core-workflows").history("0518bcaf")
        #expect(entry.texts.map(\.nodeID) == ["6"])
        #expect(entry.texts.first?.text.hasPrefix("tensor([[[[0.0000, 0.0000, 0.0196],") == true)
        #expect(entry.files.contains { $0.filename.hasSuffix(".webp") })
    }

    @Test(arguments: [
        "{}", "7", #"{"status":null,"outputs":{}}"#,
        #"{"status":{"status_str":"running","completed":false}}"#,
        #"{"status":{"completed":false}}"#,
    ])
    func notComplete(text: String) throws {
        #expect(HistoryEntry(try JSON(parsing: text)) == nil)
    }

    @Test("custom nodes use keys of their own, and name a file twice")
    func otherKeys() throws {
        let entry = try #require(
            HistoryEntry([
                "status": ["status_str": "success", "completed": true, "messages": []],
                "outputs": [
                    "7": [
                        "gifs": [
                            ["filename": "a.mp4", "subfolder": "v", "type": "output", "format": "video/h264"]
                        ],
                        "video": [["filename": "a.mp4", "subfolder": "v", "type": "output"]],
                        "files": [["filename": "b.glb"], ["filename": ""], ["name": "c"], 7, nil],
                        "count": 3, "animated": [true],
                    ]
                ],
            ]))
        #expect(
            entry.files == [
                OutputFile(nodeID: "7", filename: "a.mp4", subfolder: "v"),
                OutputFile(nodeID: "7", filename: "b.glb"),
            ])
    }

    @Test("an error without a message is a failure all the same")
    func bareError() throws {
        let entry = try #require(HistoryEntry(["status": ["status_str": "error", "completed": false]]))
        guard case .failed(let failure) = entry.outcome else {
            Issue.record("\(entry.outcome)")
            return
        }
        #expect(failure.message == "The node failed without a message.")
    }
}

@Suite struct RedactionTests {
    @Test(arguments: [
        ("plain 1/2 and/or x", "plain 1/2 and/or x"),
        ("open('/opt/ComfyUI/my models/x.png') failed", "open('[path]') failed"),
        ("/opt/a, /opt/b: gone", "[path], [path] gone"),
        ("see /a.b/c", "see [path]"),
        (#"C:\Users\me\x.png is bad"#, "[path] is bad"),
        (#"file "C:/Users/my files/x.png"!"#, #"file "[path]"!"#),
        (#"\\server\share gone"#, "[path] gone"),
        ("GET http://10.0.0.7:8188/x failed", "GET [address] failed"),
        ("at <https://worker.internal/y>", "at <[address]>"),
        ("Tried to allocate 20.00 GiB / 3", "Tried to allocate 20.00 GiB / 3"),
        ("a / b", "a / b"),
        ("path=/etc/passwd", "path=[path]"),
        ("日本/x", "日本/x"),
    ])
    func texts(text: String, expected: String) {
        #expect(Redaction.redact(text) == expected)
    }

    @Test func isBounded() {
        let redacted = Redaction.redact(String(repeating: "x ", count: 1_000_000))
        #expect(redacted.unicodeScalars.count == 501)
    }
}
