internal import JSON

extension WorkflowRules {
    /// Names of files and prefixes of names: no way out of the folder they belong to.
    func checkFiles(_ report: inout NodeReport, _ uploads: Set<String>) {
        let entry = catalog[report.node.classType]
        for (name, value) in report.node.inputs {
            let kind = entry?.files[name] ?? (name == "filename_prefix" ? .prefix : nil)
            guard let kind else {
                // Of a class that is not in the catalog any input may name a file.
                if entry == nil, Self.soundsLikeFile(name), let text = value.string,
                    let fault = FileNameFault(text)
                {
                    report.add(fault.code, input: name, fault.message)
                }
                continue
            }
            guard let text = value.string else {
                // A name computed by another node could be anything, so it could not be checked.
                let code = value.array == nil ? "wrong_type" : "link_not_allowed"
                report.add(
                    code, input: name, "A file name must be written here as a text; this is \(value.kind).")
                continue
            }
            // What it stands for was looked at by whoever lists it.
            if kind == .upload, uploads.contains(text) { continue }
            if let fault = FileNameFault(text) {
                report.add(fault.code, input: name, fault.message)
            } else if kind == .upload {
                report.add(
                    "file_not_uploaded", input: name,
                    "\(text.quoted) is none of this job's uploads: file:<id>, an https address or a data URI."
                )
            }
        }
    }

    private static func soundsLikeFile(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["image", "mask", "video", "audio"].contains(name)
            || ["file", "path", "folder", "dir", "prefix", "_name"].contains { name.hasBytes(of: $0) }
    }
}

/// Why a text may not name a file on a worker.
struct FileNameFault: Equatable {
    let code: String
    let message: String

    /// nil when the name is relative, stays where it is and means the same to everyone who reads it.
    init?(_ name: String) {
        let lowercased = name.lowercased()
        func has(_ part: String) -> Bool { lowercased.hasBytes(of: part) }
        let bytes = name.utf8
        if name.isEmpty { return nil }
        if bytes.count > 255 {
            self.init(
                code: "path_too_long",
                message: "A file name has at most 255 bytes; this one has \(bytes.count).")
        } else if name.unicodeScalars.contains(where: \.isControl) {
            self.init(code: "bad_path_character", message: "A file name has no control characters.")
        } else if bytes.first == UInt8(ascii: "/") || bytes.first == UInt8(ascii: "~") || Self.hasDrive(name)
        {
            self.init(code: "absolute_path", message: "A file name is relative; \(name.quoted) is not.")
        } else if bytes.contains(UInt8(ascii: "\\")) {
            self.init(
                code: "bad_path_character", message: "Folders are separated by / and not by a backslash.")
        } else if has("%2e") || has("%2f") || has("%5c") || has("%00") || has("%25") {
            // Nothing on the way decodes them today; a proxy in front of a worker might.
            self.init(code: "bad_path_character", message: "A file name is not percent-encoded.")
        } else if has("..") {
            // Also inside a name: ComfyUI saves a..b.png and then refuses to show it (400).
            self.init(
                code: "climbing_path", message: "A file name has no two dots in a row; \(name.quoted) has.")
        } else if Self.annotations.contains(where: lowercased.trimmed.endsInBytes) {
            self.init(
                code: "annotated_name",
                message:
                    "[input], [output] and [temp] behind a name read other people's files and are refused.")
        } else {
            return nil
        }
    }

    private init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    private static let annotations = ["[input]", "[output]", "[temp]"]

    /// `C:` at the beginning.
    private static func hasDrive(_ name: String) -> Bool {
        let head = Array(name.utf8.prefix(2))
        guard head.count == 2, head[1] == UInt8(ascii: ":") else { return false }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(head[0] | 0x20)
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
