// swift-tools-version: 6.2
// Peers that serve the same bytes, for Benchmarks/run. Never part of the product.
import PackageDescription

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "motcua", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    ],
    targets: [
        .executableTarget(
            name: "ServeMotcua",
            dependencies: [
                .product(name: "SocketServer", package: "motcua"), .product(name: "Web", package: "motcua"),
                .product(name: "HTTPWire", package: "motcua"), .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "ServeNIO",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .executableTarget(
            name: "ServeHummingbird", dependencies: [.product(name: "Hummingbird", package: "hummingbird")]),
        .executableTarget(name: "ServeFlyingFox", dependencies: [.product(name: "FlyingFox", package: "FlyingFox")]),
    ]
)
