import HTTPWire
import Platform
import PublicService
import Store
import Synchronization
import Web

/// Whether the program is well: for proxies and people who watch.
extension Portal {
    /// Answered even when the server is full.
    public static let healthPaths: Set<String> = ["/healthz", "/readyz"]

    /// Work that waits in the portal's own queues.
    public var queueDepths: [(name: String, depth: Int)] { [(passwords.name, passwords.depth)] }

    func addHealth(to routes: inout Routes) {
        routes.getReady("/healthz") { [self] _ in
            isTurning.isGood ? .text("ok\n") : .text("a loop does not turn\n", .serviceUnavailable)
        }
        routes.get("/readyz") { [self] _ in
            if let defect = await readiness.defect({ await self.findDefect() }) {
                return .text(defect + "\n", .serviceUnavailable)
            }
            return .text("ready\n")
        }
    }

    /// Why nobody should be sent here now; nil when all is well.
    private func findDefect() async -> String? {
        guard isTurning.isGood else { return "a loop does not turn" }
        // A clock before this program was written is wrong, and deadlines with it.
        guard today > LocalDate(dayNumber: 20_700) else { return "the clock is off" }
        if let newest = try? await store.newestEventAt(), now.seconds + 300 < newest.seconds {
            return "the clock is behind the records"
        }
        guard store.hasFreeSpace else { return "the disk is nearly full" }
        switch await store.writing() {
        case .works: return nil
        case .fails: return "the store cannot write"
        case .stands: return "the store does not get on with its writes"
        }
    }
}

/// The last finding, good for a second, also while it is being made: a flood of questions must not become a flood of writes.
final class Readiness: Sendable {
    private let last = Mutex<(at: ContinuousClock.Instant, finding: Task<String?, Never>)?>(nil)

    func defect(_ find: @escaping @Sendable () async -> String?) async -> String? {
        let finding = last.withLock { last in
            if let last, last.at.duration(to: .now) < .seconds(1) { return last.finding }
            let finding = Task { await find() }
            last = (.now, finding)
            return finding
        }
        return await finding.value
    }
}
