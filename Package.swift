// swift-tools-version: 6.2
// The rooms and their one-way arrows (Docs/architecture.md). A target may import only what it lists here;
// the house test (Tests/HouseTests) holds the sources to the same table.
import PackageDescription

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    // An async function runs where its caller does (Docs/decisions/0014).
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "motcua",
    products: [
        .executable(name: "motcua", targets: ["motcua"]),
        .executable(name: "vnpay-bank", targets: ["VNPAYBank"]),
        .library(name: "HTTPWire", targets: ["HTTPWire"]),
        .library(name: "SocketServer", targets: ["SocketServer"]),
        .library(name: "Web", targets: ["Web"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    ],
    targets: [
        // System modules: C, and nothing but C.
        .target(name: "CLinux", path: "Sources/System/CLinux"),
        .systemLibrary(
            name: "COpenSSL", path: "Sources/System/COpenSSL", pkgConfig: "openssl",
            providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CSQLite", path: "Sources/System/CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CQREncode", path: "Sources/System/CQREncode", pkgConfig: "libqrencode",
            providers: [.apt(["libqrencode-dev"])]),
        // Not a system library: libcurl is opened when a gateway is called (Docs/decisions/0011).
        .target(name: "CCurl", path: "Sources/System/CCurl"),
        .systemLibrary(
            name: "CCompression", path: "Sources/System/CCompression", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev", "libbrotli-dev"])]),

        // The two pure hearts.
        .target(name: "HTTPWire", swiftSettings: house),
        .target(name: "PublicService", swiftSettings: house),

        // The hands.
        .target(name: "Platform", dependencies: ["CLinux", "COpenSSL"], swiftSettings: house),
        .target(
            name: "SocketServer",
            dependencies: ["HTTPWire", "CLinux", "COpenSSL", .product(name: "Logging", package: "swift-log")],
            swiftSettings: house),
        .target(name: "Store", dependencies: ["PublicService", "Platform", "CSQLite"], swiftSettings: house),
        .target(name: "Documents", dependencies: ["PublicService", "CQREncode"], swiftSettings: house),
        .target(name: "Gateways", dependencies: ["PublicService", "Platform", "CCurl"], swiftSettings: house),

        // The face.
        .target(name: "Web", dependencies: ["HTTPWire", "Platform", "CCompression"], swiftSettings: house),
        .target(
            name: "Portal",
            dependencies: [
                "Web", "HTTPWire", "PublicService", "Store", "Documents", "Gateways", "Platform",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),

        // The programs.
        .executableTarget(
            name: "motcua",
            dependencies: [
                "Portal", "SocketServer", "Store", "Gateways", "Documents", "Web", "HTTPWire", "PublicService",
                "Platform", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),
        .target(
            name: "BankSimulator", dependencies: ["Web", "HTTPWire", "Gateways", "Platform", "PublicService"],
            swiftSettings: house),
        .executableTarget(
            name: "VNPAYBank",
            dependencies: [
                "BankSimulator", "SocketServer", "Web", "HTTPWire", "Gateways", "Platform", "PublicService", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),

        // The second manual.
        .testTarget(
            name: "HTTPWireTests", dependencies: ["HTTPWire"], resources: [.copy("Tables")], swiftSettings: house),
        .testTarget(name: "PublicServiceTests", dependencies: ["PublicService"], swiftSettings: house),
        .testTarget(name: "PlatformTests", dependencies: ["Platform"], swiftSettings: house),
        .testTarget(
            name: "SocketServerTests",
            dependencies: ["SocketServer", "HTTPWire", "COpenSSL", .product(name: "Logging", package: "swift-log")],
            swiftSettings: house),
        .testTarget(name: "StoreTests", dependencies: ["Store", "PublicService", "Platform"], swiftSettings: house),
        .testTarget(name: "DocumentsTests", dependencies: ["Documents", "PublicService"], swiftSettings: house),
        .testTarget(
            name: "GatewaysTests", dependencies: ["Gateways", "PublicService", "BankSimulator", "Web", "HTTPWire"],
            swiftSettings: house),
        .testTarget(
            name: "WebTests",
            dependencies: ["Web", "HTTPWire", "Platform", .product(name: "Mustache", package: "swift-mustache")],
            swiftSettings: house),
        .testTarget(
            name: "PortalTests",
            dependencies: [
                "Portal", "Web", "HTTPWire", "PublicService", "Store", "Documents", "Gateways", "Platform",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "motcuaTests",
            dependencies: [
                "motcua", "Portal", "SocketServer", "Store", "PublicService", "Platform", "HTTPWire",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),
        .testTarget(name: "HouseTests", swiftSettings: house),
    ]
)
