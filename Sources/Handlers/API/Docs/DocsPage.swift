import Crypto
import JSON

/// `GET /docs`: the contract as one page. It reads without JavaScript; with it, a job can be submitted and watched. It loads nothing:
/// style and script stand in it, and its policy names them by their hashes.
struct DocsPage: Sendable {
    let document: JSON

    init(_ document: JSON) {
        self.document = document
    }

    /// The page's Content-Security-Policy (https://www.w3.org/TR/CSP3/): this script, this style, calls to this API, pictures from
    /// where outputs are, and nothing else.
    static func policy(pictures origins: [String]) -> String {
        [
            "default-src 'none'", "script-src '\(hash(script))'", "style-src '\(hash(style))'",
            "connect-src 'self'", "img-src " + (origins.isEmpty ? "'none'" : origins.joined(separator: " ")),
            "base-uri 'none'",
            "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        ].joined(separator: "; ")
    }

    private static func hash(_ text: String) -> String {
        "sha256-" + Base64.encode(SHA256.hash(Array(text.utf8)))
    }

    var html: String {
        let info = document["info"]
        let title = HTML.escape(info?["title"]?.string ?? "")
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title) API</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <header>
            <h1>\(title)</h1>
            <p>\(HTML.prose(info?["summary"]?.string ?? "")). Contract \(HTML.escape(info?["version"]?.string ?? "")), \
            also <a href="openapi.json">for programs</a>.</p>
            \(navigation)
            </header>
            <main>
            <noscript><p class="note">Everything here can be read without JavaScript. Trying it out needs it.</p></noscript>
            \(Self.tryOut)
            <section><h2 id="about">About</h2><p>\(HTML.prose(info?["description"]?.string ?? ""))</p></section>
            \(tags.map(section).joined(separator: "\n"))
            <section><h2 id="schemas">Schemas</h2>
            \(schemas)
            </section>
            </main>
            <script>\(Self.script)</script>
            </body>
            </html>

            """
    }

    private var tags: [String] { document["tags"]?.array?.compactMap { $0["name"]?.string } ?? [] }

    private var navigation: String {
        let links = tags.map { (Self.anchor($0), $0) } + [("schemas", "Schemas")]
        return "<nav aria-label=\"Contents\"><ul><li data-script hidden><a href=\"#try\">Try it</a></li>"
            + links.map { "<li><a href=\"#\($0.0)\">\(HTML.escape($0.1))</a></li>" }.joined()
            + "</ul></nav>"
    }

    private func section(_ tag: String) -> String {
        var operations = ""
        for (path, methods) in document["paths"]?.object ?? [:] {
            for (method, operation) in methods.object ?? [:] where operation["tags"]?[0]?.string == tag {
                operations += OperationSection(path: path, method: method, operation: operation).html
            }
        }
        return
            "<section><h2 id=\"\(Self.anchor(tag))\">\(HTML.escape(tag))</h2>\n\(operations)</section>"
    }

    private var schemas: String {
        (document["components"]?["schemas"]?.object ?? [:]).map { name, schema in
            """
            <details class="operation" id="schema-\(HTML.escape(name))"><summary><strong>\(HTML.escape(name))</strong></summary>
            \(SchemaTable(schema).html)</details>
            """
        }.joined(separator: "\n")
    }

    private static func anchor(_ tag: String) -> String { "tag-" + HTML.escape(tag.lowercased()) }

    /// Hidden until the script shows it.
    private static let tryOut = """
        <section id="try" data-script hidden>
        <h2>Try it</h2>
        <div class="columns">
        <form id="generate" autocomplete="off">
        <label>Prompt <textarea name="prompt" rows="3" required maxlength="5000">a lighthouse at dusk</textarea></label>
        <label>Not in the picture <input name="negative_prompt" maxlength="5000"></label>
        <div class="row">
        <label>Width <input name="width" type="number" value="512" min="64" max="2048" step="8"></label>
        <label>Height <input name="height" type="number" value="512" min="64" max="2048" step="8"></label>
        <label>Steps <input name="steps" type="number" value="20" min="1" max="150"></label>
        <label>Seed <input name="seed" inputmode="numeric" pattern="[0-9]*" placeholder="drawn"></label>
        </div>
        <label><input name="previews" type="checkbox" checked> Show how it comes along</label>
        <label>Authorization <input name="authorization" type="password" placeholder="Bearer …, where one has to sign in">
        </label>
        <p class="buttons"><button type="submit">Make a picture</button></p>
        <div id="refusal" role="alert" hidden></div>
        </form>
        <div id="job" aria-live="polite" hidden>
        <p><span id="state" class="badge"></span> <code id="job-id"></code></p>
        <progress id="progress" max="100" value="0" aria-label="Progress"></progress>
        <p id="node"></p>
        <p class="buttons"><button id="cancel" type="button">Cancel</button></p>
        <img id="preview" alt="What the job has made so far" hidden>
        <div id="pictures"></div>
        </div>
        </div>
        <h3>Your jobs</h3>
        <p class="buttons"><button id="list" type="button">List jobs</button>
        <button id="older" type="button" hidden>Older ones</button></p>
        <ul id="jobs"></ul>
        </section>
        """
}
