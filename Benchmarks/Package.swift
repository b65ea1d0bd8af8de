// swift-tools-version: 6.2
// Servers that answer alike, for Benchmarks/run. Never part of the product.
import PackageDescription

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
]

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "motcua", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.0.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    ],
    targets: [
        .target(name: "Setup"),
        .executableTarget(
            name: "ServeMotcua",
            dependencies: [
                "Setup", .product(name: "SocketServer", package: "motcua"), .product(name: "Web", package: "motcua"),
                .product(name: "HTTPWire", package: "motcua"), .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]),
        .executableTarget(name: "ServeNIO", dependencies: ["Setup"] + nio),
        .executableTarget(
            name: "ServeHummingbird",
            dependencies: [
                "Setup", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ] + nio),
        .executableTarget(
            name: "ServeFlyingFox", dependencies: ["Setup", .product(name: "FlyingFox", package: "FlyingFox")]),
    ]
)
