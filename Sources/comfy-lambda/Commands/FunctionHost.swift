import HTTP
import Handlers
import JSON
import Time

/// Functions for `invoke` and `replay`: with a local system around them, unless their variables name another.
struct FunctionHost: Sendable {
    let bootstrap: String
    let variables: [String: String]
    let timeout: Duration?
    /// Another place for what goes to `.local`.
    let state: String?

    /// An invocation as it is reported.
    struct Result: Sendable {
        let handler: HandlerName
        let outcome: InvocationOutcome
        let duration: Duration

        /// `{handler, duration_ms, response | error}`; an answer that is no JSON stands there as text.
        var document: JSON {
            var document: JSON.Object = [
                "handler": .string(handler.rawValue), "duration_ms": .number(duration.milliseconds),
            ]
            switch outcome {
            case .response(let bytes):
                document["response"] =
                    (try? JSON(parsing: bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
            case .failure(let failure):
                document["error"] =
                    (try? JSON(parsing: failure.document))
                    ?? ["errorType": .string(failure.type), "errorMessage": .string(failure.message)]
            }
            return .object(document)
        }
    }

    /// Functions that are up.
    struct Functions: Sendable {
        fileprivate let function: @Sendable (HandlerName) -> LocalFunction

        func invoke(_ handler: HandlerName, _ event: [UInt8]) async throws -> Result {
            let start = ContinuousClock.now
            let outcome = try await function(handler).invoke(event)
            return Result(handler: handler, outcome: outcome, duration: .now - start)
        }
    }

    /// Starts what the functions need.
    func start(_ context: CommandContext, _ children: Children) async throws -> Functions {
        let console = context.console
        var environment = variables
        if variables["TABLE_NAME"] == nil {
            let options = LocalSystem.Options(
                bootstrap: bootstrap, comfyUI: context.comfyUI, environment: variables)
            let system = try await LocalSystem.start(
                options, project: try Project(state: state), children: children, console: console)
            if timeout == nil { return Functions { system.function($0) } }
            environment = system.environment
        }
        var functions: [HandlerName: LocalFunction] = [:]
        for handler in HandlerName.allCases {
            functions[handler] = LocalFunction(
                handler.definition(bootstrap: bootstrap, environment: environment, timeout: timeout),
                children: children
            ) { line in
                if console.isVerbose {
                    console.note("\(console.errors.paint("[\(handler.rawValue)]", .cyan)) \(line.text)")
                }
            }
        }
        return Functions { [functions] handler in
            guard let function = functions[handler] else {
                preconditionFailure("a function was made of every handler")
            }
            return function
        }
    }
}
