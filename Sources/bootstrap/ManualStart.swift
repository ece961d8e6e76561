import BuildInfo
import Glibc
import Handlers

/// What the program answers to whoever starts it by hand. Lambda passes no arguments.
enum ManualStart {
    /// A text and the exit status that goes with it.
    struct Answer {
        let text: String
        let status: Int32

        /// To standard output; a refusal to standard error.
        func print() {
            let bytes = Array(text.utf8)
            _ = unsafe bytes.withUnsafeBytes { unsafe write(status == 0 ? 1 : 2, $0.baseAddress, $0.count) }
        }
    }

    /// nil when the program is to run as the function: an argument that is none of ours must not keep Lambda from it.
    static func answer(_ arguments: [String], _ environment: [String: String]) -> Answer? {
        switch arguments[1] {
        case "--version": Answer(text: BuildInfo.report("comfy-lambda bootstrap"), status: 0)
        case "--help", "-h": Answer(text: help, status: 0)
        case _ where environment["AWS_LAMBDA_RUNTIME_API"] != nil: nil
        case let other: Answer(text: "bootstrap: unknown argument '\(other)', try --help\n", status: 2)
        }
    }

    private static let help = """
        The AWS Lambda function of comfy-lambda: all of its handlers in one program.

        Usage: bootstrap [--help | --version]

        Lambda starts it without arguments. It reads events from the Runtime API until it gets SIGTERM.

        Environment:
          AWS_LAMBDA_RUNTIME_API  host:port of the Runtime API; Lambda sets it
          _HANDLER                which function it is: \(HandlerName.allCases.map(\.rawValue).joined(separator: ", "))
          TABLE_NAME and others   docs/configuration.md lists them

        To run it here, with everything it needs around it, use comfy-lambda: 'comfy-lambda --help'.

        """
}
