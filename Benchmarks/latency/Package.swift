// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "latency-benchmark",
    dependencies: [.package(name: "comfy-lambda", path: "../..")],
    targets: [
        .executableTarget(
            name: "bare", dependencies: [.product(name: "AWSClients", package: "comfy-lambda")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
