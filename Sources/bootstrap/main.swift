import Glibc
import HTTP
import Handlers
import LambdaRuntime

// What Lambda starts. `_HANDLER` says which of the functions it is; nothing here knows whether Lambda is real or local.
let environment = ProcessEnvironment.current
if CommandLine.argc > 1, let answer = ManualStart.answer(CommandLine.arguments, environment) {
    answer.print()
    exit(answer.status)
}
do {
    let loop = EventLoop()
    let status = try loop.run {
        await LambdaRuntime.run(on: loop, environment: environment) {
            try SystemRequirements.check()
            return try await HandlerName.makeHandler(
                named: environment["_HANDLER"], on: loop, environment: environment)
        }
    }
    exit(status)
} catch {
    exit(1)
}
