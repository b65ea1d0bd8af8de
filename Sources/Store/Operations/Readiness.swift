import Platform
import PublicService
import Synchronization

/// What a proxy must know before it sends people here.
extension Store {
    /// Below this, in bytes, the disk counts as full: what is under way can still be finished.
    public static let leastFreeBytes: Int64 = 32 << 20

    /// Whether writes reach the disk.
    public enum Writing: Sendable, Hashable {
        /// One did, since the question was asked.
        case works
        /// The disk refuses.
        case fails
        /// None did for as long as was waited.
        case stands
    }

    /// Tries a write. While many wait, or the queue is full, anybody's write that reaches the disk is as good as the trial's: a
    /// store that is busy works. Waits for about `patience` at most.
    public func writing(within patience: Duration = .seconds(3)) async -> Writing {
        let before = commitCount
        let trial = WriteTrial()
        Task { await trial.run(in: database) }
        // Counted in looks, not in time: where tasks hardly get a turn, the trial gets one for each of ours.
        for _ in 0..<Int(patience / .milliseconds(10)) {
            if let outcome = trial.outcome { return outcome }
            if commitCount != before { return .works }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return .stands
    }

    /// Whether there is room for new papers.
    public var hasFreeSpace: Bool { folder.freeBytes > Store.leastFreeBytes }

    /// When the newest event was recorded: a clock that shows less has gone back. nil in an empty folder.
    public func newestEventAt() async throws -> Instant? {
        try await database.read { connection in
            try connection.query("SELECT at FROM dossier_event ORDER BY position DESC LIMIT 1") {
                Instant(milliseconds: $0.integer(0))
            }.first
        }
    }
}

/// One write that changes nothing that anybody reads, and what came of it.
private final class WriteTrial: Sendable {
    private let known = Mutex<Store.Writing?>(nil)

    /// nil until it is known; for ever when the queue was full.
    var outcome: Store.Writing? { known.withLock { $0 } }

    func run(in database: Database) async {
        do {
            try await database.write { connection in
                try connection.execute(
                    "INSERT INTO health (id, at) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET at = at + 1")
            }
            known.withLock { $0 = .works }
        } catch is Overloaded {
            return
        } catch {
            known.withLock { $0 = .fails }
        }
    }
}
