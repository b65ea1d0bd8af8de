import Foundation
import HTTPWire
import SocketServer
import Testing

@testable import motcua

/// Every limit of the server is the operator's to set.
@Suite struct LimitSettingsTests {
    private func limits(_ text: String) throws -> ServerLimits {
        try Configuration(flags: ["limits": text], environment: [:], file: nil).limits()
    }

    /// Every stored number, by its path.
    private func numbers(_ limits: ServerLimits) throws -> [String: Int] {
        var numbers: [String: Int] = [:]
        for child in Mirror(reflecting: limits).children {
            let name = try #require(child.label)
            if let wire = child.value as? WireLimits {
                for child in Mirror(reflecting: wire).children {
                    numbers["\(name).\(try #require(child.label))"] = try #require(child.value as? Int)
                }
            } else {
                let text = String(describing: child.value)
                let number: Int = try #require(Int(text), "\(name) is no number")
                numbers[name] = number
            }
        }
        return numbers
    }

    @Test func eachNameSetsANumberOfItsOwnAndNoneIsLeft() throws {
        let standard = try numbers(ServerLimits())
        var set: [String: String] = [:]
        for limit in Configuration.limits {
            let unit = limit.name.hasSuffix("-seconds") ? 1_000 : 1
            for value in [limit.bounds.lowerBound, limit.bounds.upperBound] {
                let changed = try numbers(try limits("\(limit.name)=\(value)"))
                let different = standard.keys.filter { changed[$0] != standard[$0] }
                try #require(different.count == 1, "\(limit.name) sets \(different)")
                #expect(changed[different[0]] == value * unit, "\(limit.name)")
                #expect(set[different[0]] ?? limit.name == limit.name, "two names set \(different[0])")
                set[different[0]] = limit.name
                #expect(limit.bounds.contains((standard[different[0]] ?? -1) / unit), "\(limit.name): its default")
            }
        }
        #expect(Set(set.keys) == Set(standard.keys), "every number has a name")
        #expect(Set(Configuration.limits.map(\.name)).count == Configuration.limits.count)
    }

    @Test func severalAreSetTogether() throws {
        let limits = try limits("head-seconds=5,linger-milliseconds=250,write-bytes-per-second=9000")
        #expect(limits.headMilliseconds == 5_000 && limits.lingerMilliseconds == 250)
        #expect(limits.writeBytesPerSecond == 9_000 && limits.silentMilliseconds == 10_000)
    }

    @Test func whatIsBeyondTheBoundsIsRefusedAndTheBoundsAreTold() throws {
        for limit in Configuration.limits {
            let (least, most) = (limit.bounds.lowerBound, limit.bounds.upperBound)
            for value in ["\(least - 1)", "\(most + 1)", "", "x", "1.5", "99999999999999999999"] {
                let error = #expect(throws: ConfigurationError.self) { try limits("\(limit.name)=\(value)") }
                #expect(error?.description.contains("\(limit.name) is a number from \(least) to \(most)") == true)
            }
        }
        for text in ["head-second=5", "head-seconds", "head-seconds=5=6", "=5"] {
            let error = #expect(throws: ConfigurationError.self) { try limits(text) }
            #expect(error?.description.contains("drain-idle-milliseconds") == true, "the names are told")
        }
    }

    @Test func aTargetOfEightKilobytesIsTakenUnderEverySetting() throws {
        #expect(throws: ConfigurationError.self) { try limits("target-bytes=8191") }
        #expect(try limits("target-bytes=8192").wire.targetBytes == 8192)
    }

    /// Connections, reserve a listener.
    @Test(arguments: [
        (20_448, 3, 20_000, 64), (20_447, 3, 19_999, 64), (20_447, 4, 19_935, 64), (1_024, 3, 576, 64),
        (512, 3, 130, 42), (150, 3, 39, 12), (150, 4, 39, 9), (128, 4, 32, 8),
    ])
    func allCapsTogetherFitTheDescriptors(_ allowed: Int, _ listeners: Int, _ connections: Int, _ reserve: Int) {
        let kept = ServerLimits().fitting(descriptors: allowed, listeners: listeners)
        #expect(kept.connections == connections && kept.reservedConnections == reserve, "\(kept)")
        let files = min(256, allowed / 2)
        #expect(kept.connections + listeners * kept.reservedConnections + files <= allowed)
    }

    @Test func whatFitsStaysAsItIs() throws {
        let asked = try limits("connections=100,reserved-connections=0")
        let kept = asked.fitting(descriptors: 356, listeners: 4)
        #expect(kept.connections == 100 && kept.reservedConnections == 0)
        #expect(asked.fitting(descriptors: 150, listeners: 4).connections == 75, "half of few is for files")
    }

    @Test func theGuideNamesAll() throws {
        let guide = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Docs/server.md")
        let rows = try String(contentsOf: guide, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("|") }
        for limit in Configuration.limits {
            #expect(rows.count { $0.contains("`\(limit.name)`") } == 1, "\(limit.name)")
        }
    }
}
