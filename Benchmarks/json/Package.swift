// swift-tools-version: 6.2
import PackageDescription

// A package of its own: it compares with Foundation, which nothing in the project links.
let package = Package(
    name: "json-benchmark",
    dependencies: [.package(name: "comfy-lambda", path: "../..")],
    targets: [
        .executableTarget(
            name: "parse", dependencies: [.product(name: "JSON", package: "comfy-lambda")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
