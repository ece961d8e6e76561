import Crypto
import HTTP
import JSON
import Testing

@testable import Handlers

/// What the contract says of the table. That it is OpenAPI, and that the service keeps to it, is `dev/tests/test_contract.py`'s.
struct ContractTests {
    private func bench(_ environment: [String: String] = [:]) throws -> APIBench {
        try APIBench.offline(on: testLoop, environment)
    }

    private func document(_ environment: [String: String] = [:]) async throws -> JSON {
        let answer = await (try bench(environment)).get("/openapi.json")
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == "application/json")
        return try #require(answer.json)
    }

    @Test func everyRouteIsInIt() async throws {
        let paths = try #require(try await document()["paths"]?.object)
        for route in API.router(try bench().services).routes {
            let operation = paths[route.path.description]?[route.method.rawValue.lowercased()]
            #expect(operation?["operationId"]?.string == route.name)
        }
    }

    @Test func whatIsReferredToIsThere() async throws {
        let document = try await document()
        func look(_ json: JSON) {
            if let reference = json["$ref"]?.string {
                let names = reference.split(separator: "/").dropFirst().map(String.init)
                #expect(names.reduce(document) { $0[$1] ?? .null } != .null, "\(reference)")
            }
            for member in json.object?.values ?? [] { look(member) }
            for element in json.array ?? [] { look(element) }
        }
        look(document)
    }

    @Test func saysWhoMustSignIn() async throws {
        let closed = try await document(["AUTH_MODE": "both"])["paths"]
        #expect(
            closed?["/v1/generate"]?["post"]?["security"]
                == [["bearer": ["jobs:write"]], ["key": ["jobs:write"]]])
        #expect(closed?["/v1/api-keys"]?["get"]?["security"] == [["bearer": ["account"]]])
        #expect(closed?["/v1/auth/login"]?["post"]?["security"] == [])
        #expect(closed?["/health"]?["get"]?["security"] == [])
        let open = try await document(["AUTH_MODE": "none"])["paths"]
        #expect(open?["/v1/generate"]?["post"]?["security"] == [])
    }

    @Test func aBodysExamplesAreTaken() async throws {
        let bench = try bench()
        for (path, methods) in try #require(try await document()["paths"]?.object) {
            let content = methods["post"]?["requestBody"]?["content"]?["application/json"]
            for (name, example) in content?["examples"]?.object ?? [:] where path.hasSuffix("/validate") {
                let answer = await bench.post(path, try #require(example["value"]).text)
                #expect(answer.json?["valid"] == true, "\(path) \(name)")
            }
        }
    }

    @Test func thePageNamesWhatItRunsAndLoadsNothing() async throws {
        let answer = await (try bench(["OUTPUT_BASE_URL": "https://pictures.example/out"])).get("/docs")
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == "text/html; charset=utf-8")
        let page = String(decoding: answer.body, as: UTF8.self)
        func hash(of tag: String) throws -> String {
            let rest = try #require(page.split(separator: "<\(tag)>", maxSplits: 1).dropFirst().first)
            let text = try #require(rest.split(separator: "</\(tag)>", maxSplits: 1).first)
            return "'sha256-\(Base64.encode(SHA256.hash(Array(text.utf8))))'"
        }
        let policy = try #require(answer.headers["Content-Security-Policy"])
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("script-src \(try hash(of: "script"));"))
        #expect(policy.contains("style-src \(try hash(of: "style"));"))
        // Outputs come from the one, previews from the bucket.
        #expect(policy.contains("img-src https://pictures.example http://127.0.0.1:9;"))
        #expect(!policy.contains("unsafe"))
        // No attribute leads elsewhere, and none runs anything.
        for sign in [
            #"src=""#, #"href="http"#, #"href="//"#, "onclick", "style=", "<link", "@import", "url(",
        ] {
            #expect(!page.contains(sign), "\(sign)")
        }
    }

    @Test func thePageShowsEveryOperationAndSchema() async throws {
        let page = String(decoding: await (try bench()).get("/docs").body, as: UTF8.self)
        for route in API.router(try bench().services).routes {
            #expect(page.contains("<details class=\"operation\" id=\"\(route.name)\">"))
        }
        for name in Contract.schemas.keys { #expect(page.contains("id=\"schema-\(name)\"")) }
    }

    @Test func textIsNoMarkup() {
        #expect(HTML.escape(#"<a b="c" d='e'>&"#) == "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;")
        #expect(HTML.prose("`<b>` and `c") == "<code>&lt;b&gt;</code> and `c")
    }

    @Test func aSchemaInAFewWords() {
        #expect(SchemaTable.type(["$ref": "#/components/schemas/Job"]) == "<a href=\"#schema-Job\">Job</a>")
        #expect(
            SchemaTable.type(["type": ["integer", "null"], "minimum": 1, "maximum": 9])
                == "integer or null, 1 to 9")
        #expect(
            SchemaTable.type(["type": "string", "enum": ["a", "<"]])
                == "<code>&quot;a&quot;</code>, <code>&quot;&lt;&quot;</code>")
    }
}
