import JSON

/// The members of a schema as a table's rows.
struct SchemaTable: Sendable {
    let schema: JSON

    init(_ schema: JSON) {
        self.schema = schema
    }

    /// One member.
    struct Row: Sendable {
        var name: String
        var schema: JSON
        var note = ""
        var isRequired = false
        var description: String?
    }

    var html: String {
        let required = Set(schema["required"]?.array?.compactMap(\.string) ?? [])
        // In an answer every member is required: only a request's reader wants to know.
        let tells = schema["additionalProperties"]?.bool == false
        let rows = (schema["properties"]?.object ?? [:]).map { name, member in
            Row(
                name: name, schema: member, isRequired: tells && required.contains(name),
                description: member["description"]?.string)
        }
        // One of several is told of by each.
        let choices = (schema["anyOf"]?.array ?? []).map { SchemaTable($0).html }.joined()
        let about = schema["description"]?.string.map { "<p>\(HTML.prose($0))</p>" } ?? ""
        return about + (rows.isEmpty ? choices : Self.html(rows))
    }

    static func html(_ rows: [Row]) -> String {
        let cells = rows.map { row in
            var notes = [type(row.schema)]
            if !row.note.isEmpty { notes.append(row.note) }
            if row.isRequired { notes.append("<strong>required</strong>") }
            if let absent = row.schema["default"] {
                notes.append("default <code>\(HTML.escape(absent.text))</code>")
            }
            return """
                <tr><th scope="row"><code>\(HTML.escape(row.name))</code></th><td>\(notes.joined(separator: ", "))\
                \(row.description.map { "<br>" + HTML.prose($0) } ?? "")</td></tr>
                """
        }
        return "<div class=\"scroll\"><table>\(cells.joined())</table></div>"
    }

    /// A schema in a few words, with links to those that have a name.
    static func type(_ schema: JSON) -> String {
        if let name = schema["$ref"]?.string?.split(separator: "/").last {
            return "<a href=\"#schema-\(HTML.escape(String(name)))\">\(HTML.escape(String(name)))</a>"
        }
        if let choices = schema["anyOf"]?.array { return choices.map(type).joined(separator: " or ") }
        if let value = schema["const"] { return "<code>\(HTML.escape(value.text))</code>" }
        let types = schema["type"]?.string.map { [$0] } ?? schema["type"]?.array?.compactMap(\.string) ?? []
        var words = types.isEmpty ? "anything" : types.joined(separator: " or ")
        if let content = schema["contentSchema"] { words += " of JSON, " + type(content) }
        if let items = schema["items"] { words = "array of " + type(items) }
        if let choices = schema["enum"]?.array {
            words = choices.map { "<code>\(HTML.escape($0.text))</code>" }.joined(separator: ", ")
        }
        if let format = schema["format"]?.string { words += " (\(HTML.escape(format)))" }
        return words + limits(schema)
    }

    private static func limits(_ schema: JSON) -> String {
        func number(_ name: String) -> String? { schema[name]?.number?.text }
        var words = ""
        switch (number("minimum"), number("maximum")) {
        case (let low?, let high?): words += ", \(low) to \(high)"
        case (let low?, nil): words += ", from \(low)"
        case (nil, let high?): words += ", to \(high)"
        case (nil, nil): break
        }
        if let step = number("multipleOf") { words += ", multiples of \(step)" }
        switch (number("minLength"), number("maxLength")) {
        case (let low?, let high?): words += ", \(low) to \(high) characters"
        case (nil, let high?): words += ", at most \(high) characters"
        default: break
        }
        if let most = number("maxItems") { words += ", at most \(most)" }
        return words
    }
}
