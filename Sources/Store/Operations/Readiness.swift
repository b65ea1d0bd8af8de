import PublicService

/// What a proxy must know before it sends people here.
extension Store {
    /// Below this, in bytes, the disk counts as full: what is under way can still be finished.
    public static let leastFreeBytes: Int64 = 32 << 20

    /// Whether a write reaches the disk now.
    public func canWrite() async -> Bool {
        let written: Void? = try? await database.write { connection in
            try connection.execute(
                "INSERT INTO health (id, at) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET at = at + 1")
        }
        return written != nil
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
