// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled under the strictest settings the toolchain has: what they refuse is
/// a bug found at build time. `docs/development.md` lists what each of them means for a contributor.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func library(
    _ name: String, path: String? = nil, _ dependencies: [String], embedding data: String? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies.map { .init(stringLiteral: $0) },
        path: path ?? "Sources/\(name)", resources: data.map { [.embedInCode($0)] },
        swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [String]) -> Target {
    .testTarget(
        name: name, dependencies: (dependencies + ["TestSupport"]).map { .init(stringLiteral: $0) },
        path: "Tests/\(name)", swiftSettings: strict)
}

func c(_ name: String, _ pkgConfig: String, apt: String) -> Target {
    .systemLibrary(
        name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let package = Package(
    name: "comfy-lambda",
    products: [
        // Each with the modules whose types stand in its interface, so that a user may import them too.
        .library(name: "LambdaRuntime", targets: ["LambdaRuntime", "HTTP", "JSON", "Telemetry", "Time"]),
        .library(name: "LambdaCodable", targets: ["LambdaCodable", "JSON"]),
        .library(name: "AWSClients", targets: ["AWSClients", "HTTP", "JSON", "Crypto", "Time"]),
        .library(name: "DynamoDBCodable", targets: ["DynamoDBCodable", "AWSClients"]),
        .library(name: "ComfyUI", targets: ["ComfyUI", "HTTP", "JSON"]),
        .library(name: "JSON", targets: ["JSON"]),
        .executable(name: "bootstrap", targets: ["bootstrap"]),
        .executable(name: "comfy-lambda", targets: ["comfy-lambda"]),
    ],
    targets: [
        // The C libraries. Each has exactly one importer.
        c("CCurl", "libcurl", apt: "libcurl4-openssl-dev"),
        c("CAres", "libcares", apt: "libc-ares-dev"),
        c("COpenSSL", "libcrypto", apt: "libssl-dev"),
        c("CZlib", "zlib", apt: "zlib1g-dev"),
        c("CExpat", "expat", apt: "libexpat1-dev"),
        c("CMicroHTTPD", "libmicrohttpd", apt: "libmicrohttpd-dev"),

        // The stamp of a packaged program.
        .systemLibrary(name: "CBuildInfo", path: "Sources/CBuildInfo"),

        // For Spawn: the calls that Swift's Glibc leaves out.
        .systemLibrary(name: "CSpawn", path: "Sources/CSpawn"),

        // First floor: nothing here knows of AWS, Lambda or ComfyUI.
        library("JSON", []),
        library("Time", []),
        library("Spawn", ["CSpawn"]),
        library("Crypto", ["COpenSSL"]),
        library("Telemetry", ["JSON", "Time"]),
        library("HTTP", ["CCurl", "CAres", "CZlib", "Crypto"]),

        // Second floor: three that do not know one another.
        library("LambdaRuntime", path: "Sources/Runtime", ["HTTP", "JSON", "Crypto", "Telemetry", "Time"]),
        library("AWSClients", ["HTTP", "JSON", "Crypto", "Telemetry", "Time", "CExpat", "Spawn"]),
        // Apart from the clients, because the functions do not use it: what is linked is what is paid for.
        library("DynamoDBCodable", ["AWSClients"]),
        library("ComfyUI", ["HTTP", "JSON", "Crypto", "Telemetry", "Time"]),

        // For users of the library: typed handlers. It links FoundationEssentials, so `bootstrap` must not.
        library("LambdaCodable", ["LambdaRuntime", "JSON"]),

        // Third floor: where they meet.
        library(
            "Handlers",
            [
                "ComfyUI", "AWSClients", "LambdaRuntime", "HTTP", "JSON", "Crypto", "Telemetry", "Time",
            ], embedding: "Templates/BuiltIn"),

        // The programs.
        library("BuildInfo", ["CBuildInfo", "AWSClients", "HTTP", "Crypto"]),
        .executableTarget(
            name: "bootstrap",
            dependencies: [
                "BuildInfo", "Handlers", "AWSClients", "LambdaRuntime", "HTTP", "JSON", "Telemetry", "Time",
            ],
            path: "Sources/bootstrap", swiftSettings: strict),
        library("LocalServer", ["CMicroHTTPD", "HTTP"]),
        .executableTarget(
            name: "comfy-lambda",
            dependencies: [
                "LocalServer", "BuildInfo", "Handlers", "ComfyUI", "AWSClients", "LambdaRuntime", "HTTP",
                "JSON",
                "Crypto", "Spawn", "Telemetry", "Time",
            ],
            path: "Sources/comfy-lambda", swiftSettings: strict),

        // Tests: one target a module, and what they share.
        .target(
            name: "TestSupport", dependencies: ["Spawn", "HTTP", "JSON", "LocalServer"],
            path: "Tests/TestSupport", swiftSettings: strict),
        .executableTarget(
            name: "TestFunctions", dependencies: ["LambdaRuntime", "HTTP", "JSON", "Telemetry"],
            path: "Tests/TestFunctions", swiftSettings: strict),
        tests("JSONTests", ["JSON"]),
        tests("TimeTests", ["Time"]),
        tests("CryptoTests", ["Crypto"]),
        tests("TelemetryTests", ["Telemetry", "JSON", "Time"]),
        tests("HTTPTests", ["HTTP"]),
        tests("LocalServerTests", ["LocalServer", "HTTP"]),
        tests(
            "LambdaRuntimeTests",
            ["LambdaRuntime", "TestFunctions", "HTTP", "JSON", "Crypto", "Telemetry", "Time"]),
        tests("LambdaCodableTests", ["LambdaCodable", "LambdaRuntime", "JSON", "Time"]),
        tests("AWSClientsTests", ["AWSClients", "HTTP", "JSON", "Crypto", "Time"]),
        tests("DynamoDBCodableTests", ["DynamoDBCodable", "AWSClients"]),
        tests("ComfyUITests", ["ComfyUI", "HTTP", "JSON", "Crypto"]),
        tests(
            "HandlersTests",
            [
                "Handlers", "ComfyUI", "AWSClients", "LambdaRuntime", "LocalServer", "HTTP", "JSON", "Crypto",
                "Telemetry", "Time",
            ]),
        tests(
            "CommandLineTests",
            [
                "comfy-lambda", "bootstrap", "LocalServer", "Handlers", "AWSClients", "LambdaRuntime", "HTTP",
                "JSON",
                "Time",
            ]),
        tests(
            "EmulatorTests",
            ["TestFunctions", "bootstrap", "Handlers", "AWSClients", "HTTP", "JSON", "Crypto"]),
        tests(
            "EndToEndTests",
            [
                "comfy-lambda", "bootstrap", "Handlers", "AWSClients", "LocalServer", "HTTP", "JSON",
                "Crypto",
                "Time",
            ]),
    ]
)
