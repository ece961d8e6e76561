import AWSClients
import Crypto
import HTTP
import Handlers
import JSON
import Time

/// `comfy-lambda admin`: administrators' accounts and invitations, straight in the table.
struct AdminCommand: Command {
    static let syntax = CommandSyntax(
        name: "admin", summary: "Make the first administrator of a deployment, and invitations.",
        operands: ["create|invite|list"],
        discussion: """
            Works on the table itself, with AWS credentials (dynamodb:PutItem, GetItem, DeleteItem, and Query on the
            index by_user) and not through the API: somebody has to be the first. Whoever it makes signs in at the
            API and makes the others there. The account is one of the deployment's own, so the functions need
            TOKEN_SECRET. The table is --table, or TABLE_NAME of a deployed function (--function), of --env-file and
            --env, or of the environment.

            An invitation is a code with which one person registers (POST /v1/auth/register, where REGISTRATION is
            invite or open). It is hashed under TOKEN_SECRET, which is read where TABLE_NAME is; a reference in it
            (secret:ARN, ssm:NAME) is looked up with your credentials.
            """,
        options: [
            .init("--email", .one("ADDRESS"), "create: the administrator's e-mail address."),
            PasswordSource.option,
            .init("--generate-password", .flag, "create: make one up, and show it once."),
            .init("--tier", .one("TIER"), "invite: of the account, free, pro or admin. Default: free."),
            .init(
                "--expires-in-days", .one("N"), "invite: how long the code is good for, 1 to 90. Default: 7."),
            .init("--table", .one("NAME"), "The deployment's table, as the stack's output TableName has it."),
            .init(
                "--function", .one("NAME"),
                "A deployed function, whose variables are read\n(lambda:GetFunctionConfiguration): its name or ARN."
            ),
            .envFile, .env, .json,
        ],
        examples: [
            "comfy-lambda admin create --email ada@example.org --function comfy-lambda-dev-api",
            "comfy-lambda admin invite --tier pro --function comfy-lambda-dev-api",
            "comfy-lambda admin list --table comfy-lambda-dev-Table-1A2B3C",
        ])

    enum Action: Sendable {
        case create(email: String, password: PasswordSource?)
        case invite(tier: String, days: Int)
        case list
    }

    let action: Action
    let table: String?
    let function: String?
    let variables: FunctionVariables

    init(_ arguments: Arguments) throws(UsageError) {
        table = arguments.text("--table")
        function = arguments.text("--function")
        variables = try FunctionVariables(arguments)
        switch arguments.operands.first {
        case "create":
            guard let email = arguments.text("--email") else {
                throw UsageError("--email is missing", in: arguments.command)
            }
            let generates = arguments.flag("--generate-password")
            if generates, arguments.flag(PasswordSource.option.name) {
                throw UsageError(
                    "'--generate-password' and '\(PasswordSource.option.name)' exclude each other",
                    in: arguments.command)
            }
            action = .create(email: email, password: generates ? nil : PasswordSource(arguments))
        case "invite":
            action = .invite(
                tier: arguments.text("--tier") ?? "free",
                days: try arguments.integer("--expires-in-days", 7, in: 1...90))
        case "list": action = .list
        case let word:
            throw UsageError(
                "unknown action '\(word ?? "")'; expected create, invite or list", in: arguments.command)
        }
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        let own = context.environment.merging(try variables.read()) { $1 }
        let aws = AWSClient(http: HTTPClient(loop: context.loop), configuration: try .init(environment: own))
        let deployed = if let function { try await Lambda(aws).environment(of: function) } else { own }
        let administrators = Administrators(aws, table: try tableName(deployed))
        switch action {
        case .list: Self.show(try await administrators.list(), on: context.console)
        case .create(let email, let source):
            let password =
                if let source {
                    try await source.read("Password for \(email)", twice: true, on: context.loop)
                } else {
                    Base64.encodeURL(SecureRandom.bytes(24))
                }
            do {
                let made = try await administrators.create(email: email, password: password)
                show(made, generated: source == nil ? password : nil, on: context.console)
            } catch let refusal as Administrators.Refusal {
                throw CommandFailure(refusal.description)
            }
        case .invite(let tier, let days):
            do {
                let made = try await administrators.invite(tier: tier, days: days, variables: deployed)
                Self.show(made, on: context.console)
            } catch let refusal as Administrators.Refusal {
                throw CommandFailure(refusal.description)
            }
        }
        return 0
    }

    private func tableName(_ deployed: [String: String]) throws(CommandFailure) -> String {
        if let table { return table }
        guard let name = deployed["TABLE_NAME"], !name.isEmpty else {
            throw CommandFailure(
                "No table: give --table, a deployed function with --function, or TABLE_NAME.", status: 2)
        }
        return name
    }

    private func show(
        _ made: Administrators.Administrator, generated password: String?, on console: Console
    ) {
        if console.isJSON {
            var document: JSON.Object = [
                "user_id": .string(made.userID), "email": made.email.map { .string($0) } ?? .null,
            ]
            if let password { document["password"] = .string(password) }
            return console.print(JSON.object(document).text)
        }
        console.print("Administrator \(made.userID) made.")
        if let password { console.print("Password, shown once: \(password)") }
    }

    /// As `POST /v1/admin/invites` answers.
    private static func show(_ made: Administrators.Invitation, on console: Console) {
        if console.isJSON {
            return console.print(
                JSON.object([
                    "invite": .string(made.code), "tier": .string(made.tier),
                    "expires_at": .string(made.expiresAt.rfc3339),
                ]).text)
        }
        console.print("Invitation, shown once: \(made.code)")
        console.print("For one account of the tier \(made.tier), until \(made.expiresAt.rfc3339).")
    }

    private static func show(_ all: [Administrators.Administrator], on console: Console) {
        if console.isJSON {
            return console.print(
                JSON.array(
                    all.map { one in
                        [
                            "user_id": .string(one.userID), "email": one.email.map { .string($0) } ?? .null,
                            "active": .bool(one.isActive), "created_at": .string(one.createdAt.rfc3339),
                        ]
                    }
                ).text)
        }
        if all.isEmpty {
            return console.note("There is no administrator; make one: comfy-lambda admin create.")
        }
        let rows = all.map {
            [$0.userID, $0.email ?? "", $0.isActive ? "active" : "shut", $0.createdAt.rfc3339]
        }
        console.print(
            Table(header: ["USER", "E-MAIL", "STATE", "MADE"], rows: rows).rendered(console.output))
    }
}
