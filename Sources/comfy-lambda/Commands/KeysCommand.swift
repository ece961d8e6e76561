import Crypto
import HTTP
import JSON

/// `comfy-lambda keys`: one's own API keys at a deployed API.
struct KeysCommand: Command {
    static let syntax = CommandSyntax(
        name: "keys", summary: "Make, list and revoke API keys of a deployed API.",
        operands: ["create|list|revoke"], optionalOperand: "KEY",
        discussion: """
            Keys are people's business: this signs in with --email and a password, and out again when it is done; or
            it takes the access token in COMFY_LAMBDA_TOKEN. An API key cannot make, see or revoke keys. A new key's
            text goes to standard output, once; use it as COMFY_LAMBDA_TOKEN. KEY is the id that list shows.
            """,
        options: [
            RemoteOptions.options[0],
            .init("--email", .one("ADDRESS"), "Of the account whose keys they are."),
            PasswordSource.option,
            .init("--name", .one("TEXT"), "create: what the key is for."),
            .init(
                "--scope", .many("SCOPE"),
                "create: what it may be used for: jobs:write, jobs:read, files,\ntemplates, admin, metrics; "
                    + "may be repeated. Default: the first two."),
            .init("--expires-in-days", .one("N"), "create: when it ends. Default: never."),
            .init("--requests-per-minute", .one("N"), "create: less than its owner's limit."),
            .json,
        ],
        examples: [
            "comfy-lambda keys create --email ada@example.org --name website --scope jobs:write",
            "comfy-lambda keys revoke --email ada@example.org 019a5b1c-7d00-7000-8000-000000000000",
        ])

    enum Action: Sendable, Hashable {
        case create(JSON)
        case list
        case revoke(UUID)
    }

    let remote: RemoteOptions
    let action: Action
    let email: String?
    let password: PasswordSource

    init(_ arguments: Arguments) throws(UsageError) {
        remote = try RemoteOptions(arguments)
        email = arguments.text("--email")
        password = PasswordSource(arguments)
        let operand = arguments.operands.dropFirst().first
        switch arguments.operands.first {
        case "create": action = .create(try Self.request(arguments))
        case "list": action = .list
        case "revoke":
            guard let id = operand.flatMap({ UUID($0) }) else {
                throw UsageError(
                    operand.map { "'\($0)' is no key's id; expected a UUID such as list shows" }
                        ?? "KEY is missing", in: arguments.command)
            }
            action = .revoke(id)
        case let word:
            throw UsageError(
                "unknown action '\(word ?? "")'; expected create, list or revoke", in: arguments.command)
        }
        if case .revoke = action { return }
        if let operand { throw UsageError("unexpected argument '\(operand)'", in: arguments.command) }
    }

    private static func request(_ arguments: Arguments) throws(UsageError) -> JSON {
        guard let name = arguments.text("--name") else {
            throw UsageError("--name is missing: what the key is for", in: arguments.command)
        }
        var request: JSON.Object = ["name": .string(name)]
        let scopes = arguments.texts("--scope")
        if !scopes.isEmpty { request["scopes"] = .array(scopes.map { .string($0) }) }
        for (option, field, most) in [
            ("--expires-in-days", "expires_in_days", 3650),
            ("--requests-per-minute", "requests_per_minute", 100_000),
        ] where arguments.text(option) != nil {
            request[field] = .number(try arguments.integer(option, 1, in: 1...most))
        }
        return .object(request)
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        try await remote.calling(context) { _ in
            let api = try remote.openAPI(context)
            if let token = context.environment[RemoteOptions.tokenVariable], !token.isEmpty, email == nil {
                guard !DeployedAPI.Authorization.isKey(token) else {
                    throw CommandFailure(
                        "An API key cannot make, see or revoke keys: sign in with --email.", status: 2)
                }
                try await act(api.signedIn(with: token), context.console)
                return 0
            }
            guard let email else {
                throw CommandFailure(
                    "Whose keys? Give --email, or an access token in \(RemoteOptions.tokenVariable).",
                    status: 2)
            }
            let session = RemoteSession(
                api: api, email: email,
                password: try await password.read("Password for \(email)", on: context.loop))
            try await session.during { try await act($0, context.console) }
            return 0
        }
    }

    private func act(_ api: DeployedAPI, _ console: Console) async throws {
        switch action {
        case .create(let request):
            let answer = try await api.call(.post, "/v1/api-keys", request)
            guard answer.status == 201, let key = answer.body, let text = key["key"]?.string else {
                throw CommandFailure("The API made no key: \(answer.explained)")
            }
            if console.isJSON { return console.print(key.text) }
            console.note(
                "Key \(JobProgress.printable(key["id"]?.string ?? "")) made. It is shown once:")
            console.print(JobProgress.printable(text))
        case .list:
            let answer = try await api.call(.get, "/v1/api-keys")
            guard answer.status == 200, let keys = answer.body?["api_keys"]?.array else {
                throw CommandFailure("The keys cannot be read: \(answer.explained)")
            }
            if console.isJSON { return console.print(JSON.array(keys).text) }
            if keys.isEmpty { return console.note("There are no keys.") }
            console.print(Self.table(keys).rendered(console.output))
        case .revoke(let id):
            let answer = try await api.call(.delete, "/v1/api-keys/\(id)")
            guard answer.status == 204 else {
                throw CommandFailure("The key cannot be revoked: \(answer.explained)")
            }
            if console.isJSON { return console.print(JSON.object(["revoked": .string("\(id)")]).text) }
            console.note("Key \(id) revoked; it is good for nothing within a minute.")
        }
    }

    static func table(_ keys: [JSON]) -> Table {
        Table(
            header: ["KEY", "NAME", "SCOPES", "EXPIRES", "LAST USED"],
            rows: keys.map { key in
                let scopes = (key["scopes"]?.array ?? []).compactMap(\.string).joined(separator: " ")
                return [
                    key["id"]?.string ?? "", key["name"]?.string ?? "", scopes,
                    key["expires_at"]?.string ?? "never", key["last_used_at"]?.string ?? "never",
                ].map(JobProgress.printable)
            })
    }
}
