internal import JSON

extension WorkflowRules {
    /// What holds for every value, known class or not: its texts, numbers, depth and links.
    func checkValues(_ report: inout NodeReport, _ graph: WorkflowGraph) {
        for (name, value) in report.node.inputs {
            if name.isEmpty || name.utf8.count > 128 || name.unicodeScalars.contains(where: \.isControl) {
                report.add(
                    "bad_input_name", input: name,
                    "An input's name has 1 to 128 characters, none a control character.")
            }
            if value.array != nil {
                checkLink(&report, name, value, graph)
            } else {
                check(value, &report, name, depth: 0)
            }
        }
    }

    /// ComfyUI takes every array for a link.
    private func checkLink(_ report: inout NodeReport, _ name: String, _ value: JSON, _ graph: WorkflowGraph)
    {
        guard let link = WorkflowGraph.Link(value), link.output <= 1000 else {
            report.add(
                "bad_link", input: name,
                "A link is [\"node id\", output number]; other arrays are not allowed here.")
            return
        }
        if graph.position(of: link.nodeID) == nil {
            report.add("missing_link_target", input: name, "The node \(link.nodeID.quoted) is not there.")
        }
    }

    private func check(_ value: JSON, _ report: inout NodeReport, _ name: String, depth: Int) {
        guard depth <= 16 else {
            if depth == 17 {
                report.add("too_deep", input: name, "The value is nested more than 16 levels deep.")
            }
            return
        }
        switch value {
        case .string(let text): check(text, &report, name)
        case .number(let number):
            // Python turns 1e999 into infinity and refuses integers of more than 4,300 digits.
            if number.text.utf8.count > 400 || !number.double.isFinite {
                report.add(
                    "number_out_of_range", input: name, "The number \(number.text.quoted) is too large.")
            }
        case .array(let elements):
            for element in elements { check(element, &report, name, depth: depth + 1) }
        case .object(let members):
            for (key, member) in members {
                check(key, &report, name)
                check(member, &report, name, depth: depth + 1)
            }
        case .null, .bool: break
        }
    }

    private func check(_ text: String, _ report: inout NodeReport, _ name: String) {
        if text.utf8.count > maximumTextLength {
            let length = text.unicodeScalars.count
            if length > maximumTextLength {
                report.add(
                    "text_too_long", input: name,
                    "The text has \(length) characters; \(maximumTextLength) are allowed.")
            }
        }
        if let found = text.firstForbiddenControl {
            let hex = String(found.scalar.value, radix: 16, uppercase: true)
            let padded = String(repeating: "0", count: max(0, 4 - hex.count)) + hex
            report.add(
                "control_character", input: name,
                "The text has the control character U+\(padded) at position \(found.offset); only tab and newline are allowed."
            )
        }
    }
}

extension Unicode.Scalar {
    /// Category Cc: C0, DEL and C1.
    var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}

extension String {
    /// The first control character other than tab and newline. A carriage return is allowed before a newline,
    /// where browsers put it.
    fileprivate var firstForbiddenControl: (scalar: Unicode.Scalar, offset: Int)? {
        // Bytes first: all but a few texts have no control character, and UTF-8 tells cheaply. C1 begins with C2.
        guard utf8.contains(where: { $0 < 0x20 && $0 != 0x0A && $0 != 0x09 || $0 == 0x7F || $0 == 0xC2 })
        else {
            return nil
        }
        var pendingReturn: Int?
        for (offset, scalar) in unicodeScalars.enumerated() {
            if let start = pendingReturn {
                if scalar != "\n" { return ("\r", start) }
                pendingReturn = nil
                continue
            }
            if scalar == "\r" {
                pendingReturn = offset
            } else if scalar.isControl && scalar != "\t" && scalar != "\n" {
                return (scalar, offset)
            }
        }
        return pendingReturn.map { ("\r", $0) }
    }
}
