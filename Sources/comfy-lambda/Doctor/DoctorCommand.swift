import AWSClients
import HTTP
import JSON

/// `comfy-lambda doctor`: what is wrong with a deployment, and what to do about it.
struct DoctorCommand: Command {
    static let syntax = CommandSyntax(
        name: "doctor", summary: "Look at what a deployment stands on.",
        discussion: """
            Checks the configuration, the credentials, the table with its indexes and time to live, the bucket, the
            topic, the queues with their dead letters, and the workers. Every call only reads. The variables come
            from a deployed function (--function), or from the environment, --env-file and --env; secrets among
            them are not shown. Exit status 0 when nothing failed; warnings count only with --strict.
            """,
        options: [
            .init(
                "--function", .one("NAME"),
                "A deployed function, whose variables are read\n(lambda:GetFunctionConfiguration): its name or ARN."
            ),
            .envFile, .env,
            .init("--strict", .flag, "Exit with status 1 on warnings too."),
            .json,
        ],
        examples: [
            "comfy-lambda doctor --function comfy-lambda-dev-dispatch",
            "comfy-lambda doctor --env-file .local/serve.env",
        ])

    let function: String?
    let variables: FunctionVariables
    let isStrict: Bool

    init(_ arguments: Arguments) throws(UsageError) {
        function = arguments.text("--function")
        variables = try FunctionVariables(arguments)
        isStrict = arguments.flag("--strict")
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        let own = context.environment.merging(try variables.read()) { $1 }
        let aws: AWSClient
        do {
            aws = AWSClient(http: HTTPClient(loop: context.loop), configuration: try .init(environment: own))
        } catch {
            throw CommandFailure("\(error.message).", status: 2)
        }
        var settings = own
        if let function {
            let deployed = try await Lambda(aws).environment(of: function)
            settings = own.merging(deployed) { mine, theirs in theirs }
        }
        let findings = await Doctor(settings: settings, aws: aws, loop: context.loop).examine()
        if context.console.isJSON {
            context.console.print(JSON.array(findings.map(\.document)).text)
        } else {
            for finding in findings { context.console.print(finding.rendered(context.console.output)) }
        }
        let failures = findings.count { $0.verdict == .failed }
        let warnings = findings.count { $0.verdict == .warning }
        context.console.note("\(failures) failed, \(warnings) warnings, of \(findings.count) checks")
        return failures > 0 || (isStrict && warnings > 0) ? 1 : 0
    }
}
