/// Somebody who is signed in, by the digest of the browser's token.
public struct StoredSession: Sendable, Hashable {
    /// SHA-256 of the token.
    public let digest: [UInt8]
    /// Who.
    public let subject: String
    /// Key of the form tokens.
    public let csrfSecret: [UInt8]
    /// Seconds since 1970.
    public let startedAt: Int64
    /// Seconds since 1970.
    public let seenAt: Int64

    /// Puts a row together.
    public init(digest: [UInt8], subject: String, csrfSecret: [UInt8], startedAt: Int64, seenAt: Int64) {
        self.digest = digest
        self.subject = subject
        self.csrfSecret = csrfSecret
        self.startedAt = startedAt
        self.seenAt = seenAt
    }
}

extension Store {
    /// The session behind a token digest.
    public func session(_ digest: [UInt8]) async throws -> StoredSession? {
        try await database.read { connection in
            try connection.query(
                "SELECT subject, csrf, started_at, seen_at FROM session WHERE digest = ?", [.blob(digest)]
            ) { row in
                StoredSession(
                    digest: digest, subject: row.text(0), csrfSecret: row.blob(1), startedAt: row.integer(2),
                    seenAt: row.integer(3))
            }.first
        }
    }

    /// Remembers a new session.
    public func add(_ session: StoredSession) async throws {
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO session (digest, subject, csrf, started_at, seen_at) VALUES (?, ?, ?, ?, ?)",
                [
                    .blob(session.digest), .text(session.subject), .blob(session.csrfSecret),
                    .integer(session.startedAt), .integer(session.seenAt),
                ])
        }
    }

    /// Remembers when a session was last seen, if it is still there.
    public func touchSession(_ digest: [UInt8], seenAt: Int64) async throws {
        try await database.write {
            try $0.execute("UPDATE session SET seen_at = ? WHERE digest = ?", [.integer(seenAt), .blob(digest)])
        }
    }

    /// Forgets one.
    public func removeSession(_ digest: [UInt8]) async throws {
        try await database.write { try $0.execute("DELETE FROM session WHERE digest = ?", [.blob(digest)]) }
    }

    /// Forgets all of a subject's but `except`.
    public func removeSessions(of subject: String, except: [UInt8]?) async throws {
        try await database.write {
            try $0.execute(
                "DELETE FROM session WHERE subject = ? AND digest <> ?", [.text(subject), .blob(except ?? [])])
        }
    }
}
