import LambdaRuntime

// A bootstrap for tests: `_HANDLER` is `stream` or names one of `TestFunction`'s cases.
LambdaRuntime.main { loop in
    let environment = ProcessEnvironment.current
    let name = environment["_HANDLER"]
    return name == "stream"
        ? StreamingFunction() : try TestFunction(named: name, on: loop, environment: environment)
}
