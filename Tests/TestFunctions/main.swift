import Glibc
import HTTP
import LambdaRuntime

// A bootstrap for tests: `_HANDLER` names one of `TestFunction`'s cases.
let environment = ProcessEnvironment.current
do {
    let loop = EventLoop()
    let status = try loop.run {
        await LambdaRuntime.run(on: loop, environment: environment) {
            try TestFunction(named: environment["_HANDLER"], on: loop, environment: environment)
        }
    }
    exit(status)
} catch {
    exit(1)
}
