import AWSClients
import HTTP
import JSON

/// `comfy-lambda smoke`: one job against a deployed address, from the request to the bytes of the picture.
struct SmokeCommand: Command {
    static let syntax = CommandSyntax(
        name: "smoke", summary: "Run one job against a deployed API and look at its picture.",
        discussion: """
            Asks the API whether it is ready, submits a job, waits for its end, fetches its picture and compares it
            with what the job says of it: length, SHA-256 and dimensions. Exit status 0 only when all of it holds.

            An address of API Gateway or of a function (….execute-api.…, ….lambda-url.…) is signed with AWS
            credentials, found where AWS's tools find them; with COMFY_LAMBDA_TOKEN in the environment that token is
            sent instead, for a JWT authorizer. Any other address is called without either, unless --sign or the
            token says otherwise.
            """,
        options: [
            .init("--url", .one("URL"), "The API's address, as the stack's output ApiUrl has it. Required."),
            .init("--prompt", .one("TEXT"), "What to draw. Default: a lighthouse."),
            .init("--model", .one("NAME"), "The checkpoint. Default: the API's own."),
            .init("--timeout", .one("SECONDS"), "How long all of it may take. Default: 300."),
            .init(
                "--sign", .one("REGION"),
                "Sign for API Gateway in this region although the address does not\nshow it (a domain of your own)."
            ),
            .json,
        ],
        examples: [
            "comfy-lambda smoke --url https://a1b2c3.execute-api.eu-central-1.amazonaws.com",
            "comfy-lambda smoke --url http://127.0.0.1:8000",
        ])

    let address: URL
    let request: JSON
    let timeout: Duration
    let region: String?

    init(_ arguments: Arguments) throws(UsageError) {
        guard let text = arguments.text("--url") else {
            throw UsageError("option '--url' is missing", in: arguments.command)
        }
        guard let url = URL(text), ["http", "https"].contains(url.scheme), url.query == nil else {
            throw UsageError(
                "option '--url' is '\(text)'; expected an http:// or https:// address without a query",
                in: arguments.command)
        }
        address = url
        var request: JSON.Object = ["prompt": .string(arguments.text("--prompt") ?? "a lighthouse")]
        if let model = arguments.text("--model") { request["model"] = .string(model) }
        self.request = .object(request)
        timeout = .seconds(try arguments.integer("--timeout", 300, in: 1...86_400))
        region = arguments.text("--sign")
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        let start = ContinuousClock.now
        let api = try DeployedAPI(
            address, authorization(context.environment), http: HTTPClient(loop: context.loop),
            environment: context.environment)
        let session = SmokeSession(api: api, console: context.console, loop: context.loop)
        let seen: SmokeSession.Seen
        do {
            seen = try await withDeadline(timeout, on: context.loop) { try await session.run(request) }
        } catch is DeadlineExceeded {
            throw CommandFailure(
                "\(address.redacted): the job was not done within \(timeout.components.seconds) s. Is there a "
                    + "ComfyUI container (parameter ComfyUIURLs), and does dispatch reach it? Its log tells.")
        } catch let error as HTTPError {
            throw CommandFailure("\(address.redacted) cannot be reached: \(error)")
        } catch let error as AWSError where error.code == .noCredentials {
            throw CommandFailure(
                "\(address.redacted) wants signed requests, and there are no AWS credentials to sign with. "
                    + "Tried: \(error.message)")
        }
        seen.show(on: context.console, address: address, duration: .now - start)
        return 0
    }

    func authorization(_ environment: [String: String]) -> DeployedAPI.Authorization {
        if let token = environment["COMFY_LAMBDA_TOKEN"], !token.isEmpty { return .token(token) }
        if let region { return .iam(service: "execute-api", region: region) }
        return .iam(host: address.host) ?? .none
    }
}
