import Dispatch
import Foundation
import Logging
import Platform
import PublicService
import SocketServer
@testable import Store
import Testing

@testable import Portal
@testable import motcua

/// What `/metrics` says of the whole program.
@Suite struct MetricsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// A store and a portal, and the figures of both, without sockets.
    private func withProgram(_ body: (Store, Portal, ProgramMetrics) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let store = try Store(try DataFolder(path))
        let catalogue = try CatalogueReader.read(Self.root + "/Catalogue")
        let messages = try CatalogueReader.decode(
            [String: String].self, Self.root + "/Catalogue", "messages.json5")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let portal = try Portal(
            store: store, catalogue: catalogue, messages: Messages(messages), resources: Self.root,
            settings: PortalSettings(
                publicURL: "https://portal.test", agency: catalogue.agencies[0].code, isTrial: true, merchant: nil),
            clock: SystemClock(), logger: logger)
        let metrics = ProgramMetrics()
        metrics.set(
            store: store, portal: portal, exchanges: ServerMetrics([]),
            server: try Server(listeners: [], loops: 1, logger: logger))
        try await body(store, portal, metrics)
    }

    private func depths(_ metrics: ProgramMetrics) -> [String: Int] {
        var depths: [String: Int] = [:]
        for match in metrics.text().matches(of: #/motcua_queue_depth\{queue="(\w+)"\} (\d+)\n/#) {
            depths[String(match.1)] = Int(match.2)
        }
        return depths
    }

    /// Until the figures are so, ten seconds at most.
    private func show(_ expected: [String: Int], _ metrics: ProgramMetrics) async -> Bool {
        let start = ContinuousClock.now
        while depths(metrics) != expected {
            guard start.duration(to: .now) < .seconds(10) else { return false }
            await Task.yield()
        }
        return true
    }

    @Test func queuesTellWhatWaits() async throws {
        try await withProgram { store, portal, metrics in
            #expect(depths(metrics) == ["writer": 0, "readers": 0, "files": 0, "passwords": 0])
            let gate = DispatchSemaphore(value: 0)
            let entered = AsyncStream<Void>.makeStream()
            try await withThrowingTaskGroup { group in
                for _ in 0..<5 { group.addTask { try await portal.passwords.run { gate.wait() } } }
                #expect(await show(["writer": 0, "readers": 0, "files": 0, "passwords": 5], metrics))
                for _ in 0..<5 { gate.signal() }
                try await group.waitForAll()
            }
            // One write holds the writer; those that come meanwhile wait for it.
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await store.database.write { _ in
                        entered.continuation.yield()
                        gate.wait()
                    }
                }
                for await _ in entered.stream { break }
                for _ in 0..<7 { group.addTask { try await store.database.write { _ in } } }
                #expect(await show(["writer": 7, "readers": 0, "files": 0, "passwords": 0], metrics))
                gate.signal()
                try await group.waitForAll()
            }
            #expect(depths(metrics) == ["writer": 0, "readers": 0, "files": 0, "passwords": 0])
        }
    }
}
