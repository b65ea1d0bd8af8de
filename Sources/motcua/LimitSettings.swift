import SocketServer

/// What the setting `limits` says: `head-seconds=5,connections=1000`; what it does not name keeps the product's number.
extension Configuration {
    /// The limits in force for every listener; throws the first mistake.
    func limits() throws -> ServerLimits {
        var limits = ServerLimits()
        for text in list("limits") {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let limit = Configuration.limits.first(where: { $0.name == parts[0] }) else {
                let names = Configuration.limits.map(\.name).joined(separator: ", ")
                throw ConfigurationError(description: "limits: \"\(text)\" is not NAME=NUMBER with one of \(names)")
            }
            guard let number = Int(parts[1]), limit.bounds.contains(number) else {
                throw ConfigurationError(
                    description:
                        "limits: \(limit.name) is a number from \(limit.bounds.lowerBound) to \(limit.bounds.upperBound)"
                )
            }
            limit.set(&limits, number)
        }
        return limits
    }

    /// One number that operators may change.
    struct Limit: Sendable {
        let name: String
        let bounds: ClosedRange<Int>
        let set: @Sendable (inout ServerLimits, Int) -> Void
    }

    /// The least numbers still serve a browser with its cookies; the greatest fit the kernel's and the parser's counters.
    static let limits: [Limit] = [
        Limit(name: "target-bytes", bounds: 8_192...65_536) { $0.wire.targetBytes = $1 },
        Limit(name: "head-bytes", bounds: 4_096...262_144) { $0.wire.headBytes = $1 },
        Limit(name: "head-fields", bounds: 20...1_000) { $0.wire.fieldCount = $1 },
        Limit(name: "chunk-line-bytes", bounds: 16...65_536) { $0.wire.chunkLineBytes = $1 },
        Limit(name: "trailer-bytes", bounds: 256...262_144) { $0.wire.trailerBytes = $1 },
        Limit(name: "connections", bounds: 1...1_000_000) { $0.connections = $1 },
        Limit(name: "reserved-connections", bounds: 0...1_000_000) { $0.reservedConnections = $1 },
        Limit(name: "connections-per-address", bounds: 1...1_000_000) { $0.connectionsPerAddress = $1 },
        Limit(name: "requests-per-client", bounds: 1...1_000_000) { $0.requestsPerClient = $1 },
        Limit(name: "silent-seconds", bounds: 1...3_600) { $0.silentMilliseconds = UInt64($1) * 1_000 },
        Limit(name: "head-seconds", bounds: 1...3_600) { $0.headMilliseconds = UInt64($1) * 1_000 },
        Limit(name: "keep-alive-seconds", bounds: 1...3_600) { $0.keepAliveMilliseconds = UInt64($1) * 1_000 },
        Limit(name: "body-grace-seconds", bounds: 1...3_600) { $0.bodyGraceMilliseconds = UInt64($1) * 1_000 },
        Limit(name: "body-bytes-per-second", bounds: 1...1_000_000_000) { $0.bodyBytesPerSecond = UInt64($1) },
        Limit(name: "write-seconds", bounds: 1...3_600) { $0.writeMilliseconds = UInt64($1) * 1_000 },
        Limit(name: "write-bytes-per-second", bounds: 1...1_000_000_000) { $0.writeBytesPerSecond = UInt64($1) },
        Limit(name: "handler-seconds", bounds: 1...3_600) { $0.handlerMilliseconds = UInt64($1) * 1_000 },
        Limit(name: "body-backlog-bytes", bounds: 4_096...16_777_216) { $0.bodyBacklogBytes = $1 },
        Limit(name: "output-backlog-bytes", bounds: 4_096...16_777_216) { $0.outputBacklogBytes = $1 },
        Limit(name: "discard-bytes", bounds: 0...1_000_000_000) { $0.discardBytes = Int64($1) },
        Limit(name: "linger-milliseconds", bounds: 0...60_000) { $0.lingerMilliseconds = UInt64($1) },
        Limit(name: "drain-idle-milliseconds", bounds: 0...60_000) { $0.drainIdleMilliseconds = UInt64($1) },
        Limit(name: "accepts-per-turn", bounds: 1...65_536) { $0.acceptsPerTurn = $1 },
    ]
}
