// swift-tools-version: 6.2
import PackageDescription

// A package of its own: the functions that the runtime is measured with are no product of the project.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func function(_ name: String, _ products: [String]) -> Target {
    .executableTarget(
        name: name, dependencies: products.map { .product(name: $0, package: "comfy-lambda") },
        swiftSettings: strict)
}

let package = Package(
    name: "benchmark-functions",
    dependencies: [.package(name: "comfy-lambda", path: "../../..")],
    targets: [
        function("echo", ["LambdaRuntime"]), function("typed", ["LambdaRuntime", "LambdaCodable"]),
        function("wait", ["LambdaRuntime"]),
    ]
)
