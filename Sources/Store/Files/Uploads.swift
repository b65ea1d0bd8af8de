import PublicService

/// Papers that a partner uploaded before handing in: whoever has only a digest cannot name another's paper.
extension Store {
    /// Remembers that `scope` uploaded `file`.
    public func addUpload(_ file: StoredFile, scope: String, at: Instant) async throws {
        try await database.write { try Store.add(file, scope: scope, at: at, $0) }
        recentUploads.withLock { $0.add(file, scope: scope) }
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
        if let recent = recentUploads.withLock({ $0[digest, scope: scope] }) { return recent }
        let found = try await database.read { connection in
            try connection.query(
                "SELECT type, size FROM upload WHERE scope = ? AND digest = ?", [.text(scope), .text(digest.rawValue)]
            ) { StoredFile(digest: digest, byteCount: $0.integer(1), contentType: $0.text(0)) }.first
        }
        if let found { recentUploads.withLock { $0.add(found, scope: scope) } }
        return found
    }
}

/// Uploads that are on the disk, as far as they were asked for of late: a paper is nearly always named by its submission
/// soon after it came. Nothing takes an upload back, so that what is remembered stays true.
struct RecentUploads {
    private struct Name: Hashable {
        let scope: String
        let digest: ContentDigest
    }

    private static let limit = 4_096
    private var files: [Name: StoredFile] = [:]

    subscript(_ digest: ContentDigest, scope scope: String) -> StoredFile? {
        files[Name(scope: scope, digest: digest)]
    }

    mutating func add(_ file: StoredFile, scope: String) {
        // All at once: no order to keep, and the next question fills it again.
        if files.count >= RecentUploads.limit { files = [:] }
        files[Name(scope: scope, digest: file.digest)] = file
    }
}
