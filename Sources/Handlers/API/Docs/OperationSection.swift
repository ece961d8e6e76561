import JSON

/// One operation on the page: what it takes, what it answers.
struct OperationSection: Sendable {
    let path: String
    let method: String
    let operation: JSON

    var html: String {
        let name = HTML.escape(operation["operationId"]?.string ?? "")
        return """
            <details class="operation" id="\(name)"><summary><span class="method \(HTML.escape(method))">\
            \(HTML.escape(method.uppercased()))</span> <code>\(Self.breakable(path))</code> \
            <span class="summary">\(HTML.prose(operation["summary"]?.string ?? ""))</span></summary>
            \(details)\(permission)\(parameters)\(fields)\(examples)\(answers)</details>

            """
    }

    /// A long path may break behind a slash.
    private static func breakable(_ path: String) -> String {
        HTML.escape(path).split(separator: "/").map { "/<wbr>\($0)" }.joined()
    }

    private var details: String {
        operation["description"]?.string.map { "<p>\(HTML.prose($0))</p>\n" } ?? ""
    }

    private var permission: String {
        guard let schemes = operation["security"]?.array, !schemes.isEmpty else { return "" }
        let scopes = schemes.first?.object?.values.first?.array?.compactMap(\.string) ?? []
        let scope =
            scopes.isEmpty ? "" : ", with the scope " + scopes.map { "`\($0)`" }.joined(separator: ", ")
        return "<p>\(HTML.prose("Only for who is signed in" + scope)).</p>\n"
    }

    private var parameters: String {
        let rows = (operation["parameters"]?.array ?? []).map { parameter in
            SchemaTable.Row(
                name: parameter["name"]?.string ?? "", schema: parameter["schema"] ?? [:],
                note: "in the \(parameter["in"]?.string ?? "")",
                isRequired: parameter["required"]?.bool == true,
                description: parameter["description"]?.string)
        }
        return rows.isEmpty ? "" : "<h4>Parameters</h4>" + SchemaTable.html(rows)
    }

    private var content: JSON? { operation["requestBody"]?["content"]?["application/json"] }

    private var fields: String {
        guard let schema = content?["schema"] else { return "" }
        let isEmpty = schema["properties"]?.object?.isEmpty ?? true
        return "<h4>Body</h4>" + (isEmpty ? "<p>None, or an empty object.</p>" : SchemaTable(schema).html)
    }

    private var examples: String {
        (content?["examples"]?.object ?? [:]).map { name, example in
            let text = example["value"]?.prettyText ?? ""
            return
                "<details class=\"example\"><summary>Example: \(HTML.escape(name))</summary><pre>\(HTML.escape(text))</pre></details>"
        }.joined()
    }

    private var answers: String {
        let rows = (operation["responses"]?.object ?? [:]).map { status, answer in
            let content = answer["content"]?.object?.first { _ in true }
            let schema = content.map { type, media in
                let isError = media["schema"]?["allOf"] != nil
                let link = SchemaTable.type(isError ? Contract.reference("Error") : media["schema"] ?? [:])
                return type == "text/html"
                    ? "" : type == "application/json" ? link : "<code>\(HTML.escape(type))</code> \(link)"
            }
            return """
                <tr><th scope="row">\(HTML.escape(status))</th><td>\(HTML.prose(answer["description"]?.string ?? ""))</td>\
                <td>\(schema ?? "")</td></tr>
                """
        }
        return "<h4>Answers</h4><div class=\"scroll\"><table>\(rows.joined())</table></div>"
    }
}
