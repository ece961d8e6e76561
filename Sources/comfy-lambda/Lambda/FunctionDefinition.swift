/// A function as its deployment describes it.
struct FunctionDefinition: Sendable {
    /// The value of `_HANDLER`, and here the function's name too.
    var handler: String
    /// Variables of the function beside Lambda's own.
    var environment: [String: String]
    var timeout: Duration
    var memoryMegabytes = 512
    /// Environments at once; more invocations than that wait their turn.
    var maximumConcurrency = 10
    /// The path of the `bootstrap` program.
    var bootstrap: String

    static let accountID = "123456789012"

    var functionName: String { "comfy-lambda-\(handler)" }

    var region: String { environment["AWS_REGION"] ?? "us-east-1" }

    var arn: String { "arn:aws:lambda:\(region):\(Self.accountID):function:\(functionName)" }

    /// The variables of a process, as AWS lists them for custom runtimes
    /// (docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html). The function's own win, except the reserved ones.
    func processEnvironment(runtimeAPI address: String, instance: Int) -> [String: String] {
        var variables = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC",
            "AWS_REGION": region, "AWS_DEFAULT_REGION": region,
        ]
        variables.merge(environment) { $1 }
        variables.merge(
            [
                "_HANDLER": handler, "AWS_LAMBDA_RUNTIME_API": address,
                "AWS_LAMBDA_FUNCTION_NAME": functionName, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "\(memoryMegabytes)",
                "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/\(functionName)",
                "AWS_LAMBDA_LOG_STREAM_NAME": "local/[$LATEST]\(instance)",
                "LAMBDA_TASK_ROOT": String(
                    bootstrap.prefix(upTo: bootstrap.lastIndex(of: "/") ?? bootstrap.startIndex)),
            ]
        ) { $1 }
        return variables
    }
}
