// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "streaming-benchmark",
    dependencies: [.package(name: "comfy-lambda", path: "../..")],
    targets: [
        .executableTarget(
            name: "transfer", dependencies: [.product(name: "AWSClients", package: "comfy-lambda")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
