// swift-tools-version: 6.2
import PackageDescription

/// A package of its own: only the fuzzer's build is instrumented. `dev/fuzz.sh` builds and runs it.
let package = Package(
    name: "Fuzzing",
    dependencies: [.package(name: "comfy-lambda", path: "..")],
    targets: [
        .executableTarget(
            name: "Fuzz",
            dependencies: ["LambdaRuntime", "AWSClients", "JSON"].map {
                .product(name: $0, package: "comfy-lambda")
            },
            swiftSettings: [
                .strictMemorySafety(), .treatAllWarnings(as: .error),
                .enableUpcomingFeature("MemberImportVisibility"),
            ])
    ])
