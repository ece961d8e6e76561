import LambdaRuntime

// A bootstrap for tests: `_HANDLER` names one of `TestFunction`'s cases.
LambdaRuntime.main { loop in
    let environment = ProcessEnvironment.current
    return try TestFunction(named: environment["_HANDLER"], on: loop, environment: environment)
}
