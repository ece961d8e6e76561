// swift-tools-version: 6.2
import PackageDescription

// A package of its own, built with -enable-testing: the signer is no public API.
let package = Package(
    name: "signing-benchmark",
    dependencies: [.package(name: "comfy-lambda", path: "../..")],
    targets: [
        .executableTarget(
            name: "sign", dependencies: [.product(name: "AWSClients", package: "comfy-lambda")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
