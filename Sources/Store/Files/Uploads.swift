import PublicService

/// Papers that a partner uploaded before handing in: whoever has only a digest cannot name another's paper.
extension Store {
    /// Remembers that `scope` uploaded `file`.
    public func addUpload(_ file: StoredFile, scope: String, at: Instant) async throws {
        try await database.write { try Store.add(file, scope: scope, at: at, $0) }
    }

    static func add(_ file: StoredFile, scope: String, at: Instant, _ connection: SQLConnection) throws {
        try connection.execute(
            """
            INSERT INTO upload (scope, digest, type, size, at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (scope, digest) DO UPDATE SET at = excluded.at
            """,
            [
                .text(scope), .text(file.digest.rawValue), .text(file.contentType), .integer(file.byteCount),
                .integer(at.milliseconds),
            ])
    }

    /// A paper that `scope` uploaded; nil when it did not.
    public func upload(_ digest: ContentDigest, scope: String) async throws -> StoredFile? {
        try await database.read { connection in
            try connection.query(
                "SELECT type, size FROM upload WHERE scope = ? AND digest = ?", [.text(scope), .text(digest.rawValue)]
            ) { StoredFile(digest: digest, byteCount: $0.integer(1), contentType: $0.text(0)) }.first
        }
    }
}
