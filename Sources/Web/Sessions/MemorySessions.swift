import Synchronization

/// Sessions in memory, for tests and trials; they end with the process.
public final class MemorySessions: SessionKeeping {
    private let sessions = Mutex<[[UInt8]: Session]>([:])

    /// None yet.
    public init() {}

    /// The session with this token digest.
    public func load(digest: [UInt8]) async throws -> Session? {
        sessions.withLock { $0[digest] }
    }

    /// Adds a new session.
    public func add(_ session: Session) async throws {
        sessions.withLock { $0[session.digest] = session }
    }

    /// Remembers when a session was last seen, if it is still there.
    public func touch(digest: [UInt8], seenAt: Int64) async throws {
        sessions.withLock { $0[digest]?.seenAt = seenAt }
    }

    /// Forgets one.
    public func remove(digest: [UInt8]) async throws {
        sessions.withLock { $0[digest] = nil }
    }

    /// Forgets all of a subject's, but `except`.
    public func removeAll(of subject: String, except digest: [UInt8]?) async throws {
        sessions.withLock { held in
            held = held.filter { $0.value.subject != subject || $0.key == digest }
        }
    }
}
