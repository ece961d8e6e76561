// swift-tools-version: 6.2
import PackageDescription

/// A package outside the library, as yours would be; with a url instead of the path.
func function(_ name: String, _ products: [String]) -> Target {
    .executableTarget(
        name: name, dependencies: products.map { .product(name: $0, package: "comfy-lambda") })
}

let package = Package(
    name: "Examples",
    dependencies: [.package(name: "comfy-lambda", path: "..")],
    targets: [
        function("Echo", ["LambdaRuntime"]),
        function("Typed", ["LambdaRuntime", "LambdaCodable"]),
        function("Countdown", ["LambdaRuntime"]),
        function("ObjectDigest", ["LambdaRuntime", "AWSClients"]),
    ])
