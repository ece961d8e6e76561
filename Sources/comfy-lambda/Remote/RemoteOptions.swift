import AWSClients
import HTTP

/// Where a deployed API is and how it is called: the options and variables that all commands for one share.
struct RemoteOptions: Sendable {
    /// `COMFY_LAMBDA_URL` stands in for `--url`.
    static let addressVariable = "COMFY_LAMBDA_URL"
    /// Never an option: other users of a machine can read a command line.
    static let tokenVariable = "COMFY_LAMBDA_TOKEN"

    /// How these commands say who is calling, for their help.
    static let discussion = """
        An address of API Gateway or of a function (….execute-api.…, ….lambda-url.…) is signed with AWS
        credentials, found where AWS's tools find them; with COMFY_LAMBDA_TOKEN in the environment that API key
        or token is sent instead, and with --sign a key goes beside the signature. Any other address is called
        without either, unless --sign or the token says otherwise.
        """

    static let options: [CommandSyntax.Option] = [
        .init(
            "--url", .one("URL"),
            "The API's address, as the stack's output ApiUrl has it.\nDefault: COMFY_LAMBDA_URL."),
        .init(
            "--sign", .one("REGION"),
            "Sign for this region although the address does not show it (a\n"
                + "domain of your own), or although an API key is sent too."
        ),
    ]

    /// nil: the environment says it.
    private let address: URL?
    private let region: String?
    private let command: String

    init(_ arguments: Arguments) throws(UsageError) {
        command = arguments.command
        region = arguments.text("--sign")
        address = try arguments.text("--url").map { text throws(UsageError) in
            try Self.address(text, from: "option '--url'", in: arguments.command)
        }
    }

    private static func address(_ text: String, from source: String, in command: String) throws(UsageError)
        -> URL
    {
        guard let url = URL(text), ["http", "https"].contains(url.scheme), url.query == nil else {
            throw UsageError(
                "\(source) is '\(text)'; expected an http:// or https:// address without a query", in: command
            )
        }
        return url
    }

    /// The API, ready to be called.
    func api(_ context: CommandContext) throws -> DeployedAPI {
        let address = try address(context.environment)
        return try DeployedAPI(
            address, authorization(for: address, context.environment),
            http: HTTPClient(loop: context.loop), environment: context.environment)
    }

    /// From the option or the variable.
    func address(_ environment: [String: String]) throws(CommandFailure) -> URL {
        if let address { return address }
        do throws(UsageError) {
            guard let text = environment[Self.addressVariable], !text.isEmpty else {
                throw UsageError(
                    "no address: give --url, or set \(Self.addressVariable)", in: command)
            }
            return try Self.address(text, from: Self.addressVariable, in: command)
        } catch {
            throw CommandFailure(error.message, status: 2)
        }
    }

    /// A token takes the header of a signature, and goes before it. A key has one of its own.
    func authorization(for address: URL, _ environment: [String: String]) -> DeployedAPI.Authorization {
        let known = DeployedAPI.Authorization.iam(host: address.host)
        let asked = region.map { region in
            DeployedAPI.Authorization.iam(
                service: known?.signature?.service ?? "execute-api", region: region)
        }
        if let token = environment[Self.tokenVariable], !token.isEmpty {
            guard DeployedAPI.Authorization.isKey(token) else { return .token(token) }
            var authorization = asked ?? .none
            authorization.key = token
            return authorization
        }
        return asked ?? known ?? .none
    }

    /// The API as somebody calls it who is to sign in yet.
    func openAPI(_ context: CommandContext) throws -> DeployedAPI {
        try DeployedAPI(
            try address(context.environment), .none, http: HTTPClient(loop: context.loop),
            environment: context.environment)
    }

    /// Runs a command's work; what goes wrong between here and the API becomes a sentence.
    func calling<T>(_ context: CommandContext, _ work: (DeployedAPI) async throws -> T) async throws -> T {
        let address = try address(context.environment).redacted
        do {
            return try await work(try api(context))
        } catch let error as HTTPError where error.code != .cancelled {
            throw CommandFailure("\(address) cannot be reached: \(error)")
        } catch let error as AWSError where error.code == .noCredentials {
            throw CommandFailure(
                "\(address) wants signed requests, and there are no AWS credentials to sign with. "
                    + "Tried: \(error.message)")
        }
    }
}
