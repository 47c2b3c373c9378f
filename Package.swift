// swift-tools-version: 6.2

import CompilerPluginSupport
import PackageDescription

let languageSettings: [SwiftSetting] = [
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    .enableUpcomingFeature("MemberImportVisibility"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
    .enableUpcomingFeature("InternalImportsByDefault"),
    // Generic code of one module is specialised for the types of another.
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

// scripts/fuzz sets NODE_ORCHESTRATOR_FUZZING to the library of libFuzzer without its main function: SwiftPM gives
// executables one of their own, beside which `-sanitize=fuzzer` cannot be linked.
let fuzzerLibrary = Context.environment["NODE_ORCHESTRATOR_FUZZING"]
// Not those of SchemaExpansion and SchemaMacros: they become a part of the compiler, which links no sanitizer.
let swiftSettings: [SwiftSetting] =
    languageSettings + (fuzzerLibrary == nil ? [] : [.unsafeFlags(["-sanitize=fuzzer,address"])])

// scripts/libduckdb points .duckdb/current at the libduckdb to link, wherever it comes from. `make install` sets
// NODE_ORCHESTRATOR_RELOCATABLE, which makes the program look for it beside itself instead of in this checkout.
let duckDB = "\(Context.packageDirectory)/.duckdb/current"
let isRelocatable = Context.environment["NODE_ORCHESTRATOR_RELOCATABLE"] != nil
let duckDBLinkerSettings: [LinkerSetting] = [
    .unsafeFlags(["-L\(duckDB)/lib", "@\(duckDB)/link-flags"]),
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", isRelocatable ? "$ORIGIN/../lib" : "\(duckDB)/lib"]),
]

let package = Package(
    name: "node-orchestrator",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "node-orchestrator", targets: ["NodeOrchestrator"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.9.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
        // Without swift-configuration, which nothing here uses.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: ["FullFoundation"]),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.9.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/swiftlang/swift-syntax", "602.0.0"..<"604.0.0"),
    ],
    targets: [
        .systemLibrary(name: "CDuckDB"),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CPostgreSQL", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "CSystemShims"),
        .target(
            name: "Scheduling",
            dependencies: [
                "CSystemShims",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "DuckDB",
            dependencies: ["CDuckDB", "CSystemShims", "Scheduling"],
            swiftSettings: swiftSettings,
            linkerSettings: duckDBLinkerSettings
        ),
        // A library of its own, so that its tests need not be built for the host: everything would be, a second time.
        .target(
            name: "SchemaExpansion",
            dependencies: [
                .product(name: "SwiftDiagnostics", package: "swift-syntax"),
                .product(name: "SwiftParser", package: "swift-syntax"),
                .product(name: "SwiftSyntax", package: "swift-syntax"),
                .product(name: "SwiftSyntaxBuilder", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
            ],
            swiftSettings: languageSettings
        ),
        .macro(
            name: "SchemaMacros",
            dependencies: [
                "SchemaExpansion",
                .product(name: "SwiftCompilerPlugin", package: "swift-syntax"),
                .product(name: "SwiftSyntax", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
            ],
            swiftSettings: languageSettings
        ),
        .target(name: "Schema", dependencies: ["SchemaMacros"], swiftSettings: swiftSettings),
        .target(name: "Inventory", dependencies: ["Schema"], swiftSettings: swiftSettings),
        .target(
            name: "GuardedFiles",
            dependencies: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Records",
            dependencies: [
                "CSystemShims", "GuardedFiles", "Inventory", "Scheduling", "Schema",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Journal",
            dependencies: ["CSystemShims", "Inventory", "Records", "Schema"],
            swiftSettings: swiftSettings
        ),
        .target(name: "PostgreSQL", dependencies: ["CPostgreSQL"], swiftSettings: swiftSettings),
        .target(
            name: "Replication",
            dependencies: [
                "Inventory", "Journal", "PostgreSQL", "Records",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Tables",
            dependencies: [
                "DuckDB", "Inventory", "Records", "Schema",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Completeness",
            dependencies: [
                "Inventory", "Journal", "Records", "Tables",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Store",
            dependencies: [
                "Completeness", "CSystemShims", "DuckDB", "GuardedFiles", "Inventory", "Journal", "Records",
                "Replication", "Scheduling", "Schema", "Tables",
                .product(name: "BasicContainers", package: "swift-collections"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "ObjectStorage",
            dependencies: [
                "Schema",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Copies",
            dependencies: [
                "ObjectStorage", "Records", "Scheduling", "Store", "Tables",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Query",
            dependencies: [
                "CSystemShims", "DuckDB", "Inventory", "Journal", "ObjectStorage", "Records", "Scheduling", "Schema",
                "Store", "Tables",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Tokens",
            dependencies: [
                "GuardedFiles", "Scheduling", "Schema",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Audit",
            dependencies: [
                "Inventory", "Records", "Scheduling", "Schema",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "HTTPSupport",
            dependencies: [
                "Audit", "CSystemShims", "CZlib", "GuardedFiles", "Scheduling", "Schema", "Tokens",
                .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "InventoryHTTP",
            dependencies: [
                "HTTPSupport", "Inventory", "Journal", "Records", "Scheduling", "Schema", "Store",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "API",
            dependencies: [
                "HTTPSupport", "Inventory", "InventoryHTTP", "Journal", "Query", "Records", "Replication", "Scheduling",
                "Schema", "Store", "Tables", "Tokens",
                .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "NodeOrchestrator",
            dependencies: [
                "API", "Audit", "Completeness", "Copies", "CSystemShims", "GuardedFiles", "HTTPSupport", "Inventory",
                "InventoryHTTP", "Journal", "ObjectStorage", "PostgreSQL", "Query", "Records", "Replication",
                "Scheduling",
                "Schema", "Store", "Tables", "Tokens",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "API", "Completeness", "CSystemShims", "DuckDB", "HTTPSupport", "Inventory", "InventoryHTTP", "Journal",
                "LocalPostgres", "RawHTTP", "Records", "Scheduling", "Schema", "Store", "Tables",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Benchmarks",
            swiftSettings: swiftSettings
        ),
        .target(name: "RawHTTP", path: "Tests/RawHTTP", swiftSettings: swiftSettings),
        .target(name: "LocalPostgres", path: "Tests/LocalPostgres", swiftSettings: swiftSettings),
        .testTarget(name: "CSystemShimsTests", dependencies: ["CSystemShims"], swiftSettings: swiftSettings),
        .testTarget(name: "DuckDBTests", dependencies: ["DuckDB"], swiftSettings: swiftSettings),
        .target(
            name: "TestSupport",
            dependencies: ["Inventory", "Journal", "LocalPostgres", "Records", "Schema"],
            path: "Tests/TestSupport",
            swiftSettings: swiftSettings
        ),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Completeness", "CSystemShims", "GuardedFiles", "HTTPSupport", "Inventory", "Journal", "Records",
                "Scheduling", "Schema", "Store", "TestSupport", "Tokens",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/FuzzTargets",
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: swiftSettings),
        .testTarget(name: "SchemaTests", dependencies: ["Schema", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "SchemaExpansionTests",
            dependencies: [
                "SchemaExpansion",
                .product(name: "SwiftSyntaxBuilder", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacroExpansion", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacrosGenericTestSupport", package: "swift-syntax"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "InventoryTests",
            dependencies: ["Inventory", "Schema", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CompletenessTests",
            dependencies: ["Completeness", "Records"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "JournalTests",
            dependencies: ["Inventory", "Journal", "Records", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ReplicationTests",
            dependencies: [
                "Inventory", "Journal", "LocalPostgres", "PostgreSQL", "Records", "Replication", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "RecordsTests", dependencies: ["Records", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "SchedulingTests",
            dependencies: ["Scheduling", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Completeness", "DuckDB", "Inventory", "Journal", "Records", "Scheduling", "Schema", "Store", "Tables",
                "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Completeness", "HTTPSupport", "Inventory", "InventoryHTTP", "Schema", "Store", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "ObjectStorageTests", dependencies: ["ObjectStorage"], swiftSettings: swiftSettings),
        .testTarget(
            name: "TokensTests",
            dependencies: [
                "GuardedFiles", "Schema", "TestSupport", "Tokens",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "HTTPSupportTests",
            dependencies: [
                "HTTPSupport",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "QueryTests", dependencies: ["Query", "Schema"], swiftSettings: swiftSettings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "API", "Completeness", "HTTPSupport", "Inventory", "Query", "RawHTTP", "Schema", "Store", "TestSupport",
                "Tokens",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
    ]
)

if let fuzzerLibrary {
    package.targets.append(
        .executableTarget(
            name: "Fuzzer",
            dependencies: ["FuzzTargets", "TestSupport"],
            path: "Tests/Fuzzer",
            // Not searched for what it does itself.
            swiftSettings: languageSettings,
            linkerSettings: [.unsafeFlags(["-sanitize=address", fuzzerLibrary]), .linkedLibrary("stdc++")]
        )
    )
}
