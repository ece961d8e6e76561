import Glibc
import LambdaRuntime

exit(CommandLineTool.main(Array(CommandLine.arguments.dropFirst()), environment: ProcessEnvironment.current))
