import JSON
import Testing

@testable import ComfyUI

@Suite struct WorkflowFilesTests {
    @Test(arguments: [
        "x", "sub/x.png", "SDXL/model v1.0.safetensors", "%date%", "%width%x%height%", ".hidden", "üñ 日本",
        "ab:c", "50%",
        "", "[output]-looking name", "v1.5",
    ])
    func accepted(name: String) {
        #expect(FileNameFault(name) == nil)
    }

    @Test(arguments: [
        ("/etc/passwd", "absolute_path"), ("C:\\x", "absolute_path"), ("c:x", "absolute_path"),
        ("~/x", "absolute_path"),
        ("//server/share", "absolute_path"), ("../x", "climbing_path"), ("a/../b", "climbing_path"),
        ("..", "climbing_path"),
        // ComfyUI saves it and then refuses to show it.
        ("a..b.png", "climbing_path"), ("a\\b", "bad_path_character"), ("..\\x", "bad_path_character"),
        ("a\u{0}.png", "bad_path_character"), ("a\nb", "bad_path_character"),
        ("%2e%2e%2fx", "bad_path_character"),
        ("%2E%2Fx", "bad_path_character"), ("a%5Cb", "bad_path_character"), ("%252e", "bad_path_character"),
        ("a%00", "bad_path_character"), ("x.png\u{600}[output]", "annotated_name"),
        ("x.png [output]", "annotated_name"),
        ("x.png [temp]", "annotated_name"),
        ("x.png [input]", "annotated_name"), ("x.png[OUTPUT] ", "annotated_name"),
        (String(repeating: "x", count: 256), "path_too_long"),
    ])
    func refused(name: String, code: String) {
        #expect(FileNameFault(name)?.code == code)
    }

    private func faults(_ classType: String, _ inputs: JSON, uploads: Set<String> = []) throws -> [String] {
        let graph = try Graphs.graph([
            "1": ["class_type": .string(classType), "inputs": inputs], "2": ["class_type": "SaveImage"],
        ])
        return WorkflowRules(allowedNodeTypes: "*").faults(in: graph, uploads: uploads).summary
    }

    @Test("LoadImage takes this job's uploads and nothing else")
    func uploads() throws {
        let uploads: Set = ["uploads/j1/cat.png"]
        #expect(try faults("LoadImage", ["image": "uploads/j1/cat.png"], uploads: uploads) == [])
        #expect(
            try faults("LoadImage", ["image": "uploads/j2/cat.png"], uploads: uploads) == [
                "1.image file_not_uploaded"
            ])
        #expect(try faults("LoadImageMask", ["image": "example.png"]) == ["1.image file_not_uploaded"])
        #expect(
            try faults("LoadImage", ["image": "uploads/j1/cat.png [output]"], uploads: uploads)
                == ["1.image annotated_name"])
    }

    @Test("a file name must be a text written here")
    func notComputed() throws {
        #expect(
            try faults("SaveImage", ["filename_prefix": ["2", 0]]) == ["1.filename_prefix link_not_allowed"])
        #expect(
            try faults("Unheard", ["filename_prefix": ["2", 0]]) == ["1.filename_prefix link_not_allowed"])
        #expect(try faults("SaveImage", ["filename_prefix": 7]) == ["1.filename_prefix wrong_type"])
        // ComfyUI unwraps this, so a check that looks at texts alone would miss it.
        #expect(
            try faults("SaveImage", ["filename_prefix": ["__value__": "../x"]]) == [
                "1.filename_prefix wrong_type"
            ])
    }

    @Test("of a class that is not known any input that sounds like a file is checked")
    func unknownClasses() throws {
        #expect(try faults("Unheard", ["output_path": "/etc/cron.d/x"]) == ["1.output_path absolute_path"])
        #expect(try faults("Unheard", ["lora_name": "../../x"]) == ["1.lora_name climbing_path"])
        #expect(try faults("Unheard", ["image": "x.png [output]"]) == ["1.image annotated_name"])
        #expect(try faults("Unheard", ["text": "see ../x and /etc"]) == [])
    }

    @Test func modelNames() throws {
        #expect(
            try faults("CheckpointLoaderSimple", ["ckpt_name": "../../secret.safetensors"]) == [
                "1.ckpt_name climbing_path"
            ])
        #expect(try faults("LoraLoader", ["lora_name": "styles/ink.safetensors"]) == [])
    }
}
