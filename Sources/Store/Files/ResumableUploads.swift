import FoundationEssentials
import Glibc
import Platform
import PublicService

/// A file that comes in over several requests, as it is remembered.
public struct ResumableUpload: Sendable, Hashable {
    /// Whose it is: a partner, later a draft.
    public let scope: String
    /// The file's name, as the sender gave it.
    public let name: String
    /// Bytes of the whole, once somebody said so.
    public let length: Int64?
    /// The SHA-256 that the whole must have; nil when the sender did not say.
    public let expected: ContentDigest?
    /// Bytes on the medium.
    public let durable: Int64
    /// What became of it; nil while it is unfinished.
    public let file: StoredFile?
    /// When it is forgotten.
    public let expiresAt: Instant
}

/// What unfinished uploads may take.
public struct ResumableLimits: Sendable {
    /// Bytes of one.
    public var fileBytes: Int64
    /// How many of one scope.
    public var countPerScope: Int64
    /// Bytes of all, counted by the length they will have.
    public var bytesInAll: Int64
    /// Seconds that one is kept after it was begun.
    public var lifetimeSeconds: Int64

    /// Sets the limits.
    public init(fileBytes: Int64, countPerScope: Int64, bytesInAll: Int64, lifetimeSeconds: Int64) {
        self.fileBytes = fileBytes
        self.countPerScope = countPerScope
        self.bytesInAll = bytesInAll
        self.lifetimeSeconds = lifetimeSeconds
    }
}

/// Why no upload is begun.
public enum ResumableUploadDefect: Error, Sendable, Hashable {
    /// The scope has as many unfinished ones as it may.
    case tooMany
    /// All of them together take as much as they may.
    case noRoom
    /// The whole has another digest than was said.
    case wrongDigest
}

/// Uploads that can be gone on with after a cut line, a killed program and a power cut. The row tells how many bytes are
/// on the medium; what the file has beyond that was never promised and is cut off.
extension Store {
    /// Begins one for `scope`. Returns the unguessable part of its address, of which only the digest is kept.
    public func beginUpload(
        scope: String, name: String, length: Int64?, expected: ContentDigest?, limits: ResumableLimits, at: Instant
    ) async throws -> String {
        let token = SecureRandom.bytes(24).base64URL
        try await database.write { connection in
            let unfinished = try connection.query(
                """
                SELECT COALESCE(SUM(CASE WHEN scope = ? THEN 1 ELSE 0 END), 0), COALESCE(SUM(COALESCE(length, ?)), 0)
                FROM resumable_upload WHERE digest IS NULL AND expires_at > ?
                """, [.text(scope), .integer(limits.fileBytes), .integer(at.milliseconds)]
            ) { (own: $0.integer(0), bytes: $0.integer(1)) }
            for sum in unfinished {
                guard sum.own < limits.countPerScope else { throw ResumableUploadDefect.tooMany }
                guard sum.bytes + (length ?? limits.fileBytes) <= limits.bytesInAll else {
                    throw ResumableUploadDefect.noRoom
                }
            }
            try connection.execute(
                """
                INSERT INTO resumable_upload (id, scope, name, length, expected, durable, expires_at)
                VALUES (?, ?, ?, ?, ?, 0, ?)
                """,
                [
                    .text(Store.uploadID(token)), .text(scope), .text(name), length.map(SQLValue.integer) ?? .null,
                    (expected?.rawValue).map(SQLValue.text) ?? .null,
                    .integer(at.adding(seconds: limits.lifetimeSeconds).milliseconds),
                ])
        }
        return token
    }

    /// Takes an upload over from whatever request holds it, so that what is told of it stays true until the next one comes.
    /// nil when `scope` has no such upload. The hold must be given back with `release`.
    public func takeUpload(
        _ token: String, scope: String, at: Instant
    ) async throws -> (hold: PartialFile, upload: ResumableUpload)? {
        let id = Store.uploadID(token)
        guard let found = try await upload(id, at), found.scope == scope else { return nil }
        await partials.current(id)?.lull()
        let hold = partials.take(id)
        do {
            try await settlePrevious(of: hold)
            // Read again: the previous holder may have added something, or the end may have come.
            guard let upload = try await upload(id, at), try await isThere(upload, hold) else {
                await release(hold)
                return nil
            }
            return (hold, upload)
        } catch {
            await release(hold)
            throw error
        }
    }

    /// Whether the bytes that are promised are there: not after an archive was restored, which has the row alone. Then the
    /// upload is forgotten, so that no offset is told that cannot be gone on from.
    private func isThere(_ upload: ResumableUpload, _ hold: PartialFile) async throws -> Bool {
        guard upload.file == nil, upload.durable > 0 else { return true }
        if try await partials.queue.run({ hold.size }) >= upload.durable { return true }
        if try await finished(hold.id) != nil { return true }
        try await removeUpload(hold)
        return false
    }

    /// Lets `hold` add bytes where `upload` ends, after `length` is remembered. Throws `notFound` when the bytes promised
    /// are gone (the upload is then forgotten), and `UploadSuperseded` when it was finished meanwhile.
    public func open(_ hold: PartialFile, of upload: ResumableUpload, length: Int64?) async throws {
        if let length, upload.length == nil { try await remember(length: length, of: hold.id) }
        do {
            try await partials.queue.run { try hold.open(at: upload.durable) }
        } catch StoreError.notFound {
            if try await finished(hold.id) != nil { throw UploadSuperseded() }
            try await removeUpload(hold)
            throw StoreError.notFound
        }
    }

    /// Adds bytes, and remembers them with each chunk that is on the medium.
    public func append(_ bytes: [UInt8], to hold: PartialFile) async throws {
        hold.isBusy.store(true, ordering: .relaxed)
        defer { hold.isBusy.store(false, ordering: .relaxed) }
        if let durable = try await partials.queue.run({ try hold.append(bytes) }) {
            try await remember(durable: durable, of: hold.id)
        }
    }

    /// Ends a hold's writing: what came is on the medium and remembered when this returns.
    public func settle(_ hold: PartialFile) async throws {
        try await settlePrevious(of: hold)
        guard let end = try await partials.queue.run({ hold.end() }) else { return }
        try await remember(durable: end.durable, of: hold.id)
        guard end.isWhole else { throw StoreError.unavailable }
    }

    /// Everyone who comes later waits for everyone before: a row that is read must not grow behind the reader's back, or
    /// the reader would cut off what is promised.
    private func settlePrevious(of hold: PartialFile) async throws {
        guard let previous = hold.previous else { return }
        try await settlePrevious(of: previous)
        if let end = try await partials.queue.run({ previous.end() }) {
            try await remember(durable: end.durable, of: hold.id)
        }
        hold.previous = nil
    }

    /// Gives a hold back, whatever became of it; what cannot be remembered now was not promised.
    public func release(_ hold: PartialFile) async {
        try? await settle(hold)
        partials.forget(hold)
    }

    /// Makes a whole upload, whose bytes were settled, a paper of its scope. Throws `UploadRefusal` or `wrongDigest`, and
    /// forgets the upload, when its content is not taken.
    public func finishUpload(_ hold: PartialFile, _ upload: ResumableUpload, at: Instant) async throws -> StoredFile {
        // From here on nothing can be added, even if the program dies: the file may get its second name.
        if upload.length == nil { try await remember(length: nil, of: hold.id) }
        let stored: StoredFile
        do {
            stored = try await partials.queue.run { [attachments] in
                try attachments.keepLinked(hold.path, name: upload.name)
            }
            if let expected = upload.expected, expected != stored.digest { throw ResumableUploadDefect.wrongDigest }
        } catch StoreError.notFound {
            // A request that was taken over went on to the end.
            guard let file = try await finished(hold.id) else { throw StoreError.notFound }
            return file
        } catch let error where error is UploadRefusal || error is ResumableUploadDefect {
            try await removeUpload(hold)
            throw error
        }
        try await database.write { connection in
            try Store.add(stored, scope: upload.scope, at: at, connection)
            try connection.execute(
                "UPDATE resumable_upload SET digest = ?, type = ? WHERE id = ?",
                [.text(stored.digest.rawValue), .text(stored.contentType), .text(hold.id)])
        }
        // It has its other name now; a name that stays is swept later.
        _ = try? await partials.queue.run { unlink(hold.path) }
        return stored
    }

    /// Forgets an upload and its bytes; what it became stays.
    public func removeUpload(_ hold: PartialFile) async throws {
        try await database.write {
            try $0.execute("DELETE FROM resumable_upload WHERE id = ?", [.text(hold.id)])
        }
        _ = try? await partials.queue.run {
            _ = hold.end()
            return unlink(hold.path)
        }
    }

    /// Forgets uploads whose time is over, and bytes that no upload names.
    func removeExpiredUploads(at: Instant) async throws {
        try await database.write {
            try $0.execute("DELETE FROM resumable_upload WHERE expires_at <= ?", [.integer(at.milliseconds)])
        }
        let held = partials.held
        let known = try await database.read { Set(try $0.query("SELECT id FROM resumable_upload") { $0.text(0) }) }
        partials.forget(held.subtracting(known))
        try await partials.queue.run { [partials] in try partials.removeAll(except: known) }
    }

    private func upload(_ id: String, _ at: Instant) async throws -> ResumableUpload? {
        try await database.read { connection in
            try connection.query(
                """
                SELECT digest, durable, type, scope, name, length, expected, expires_at FROM resumable_upload
                WHERE id = ? AND expires_at > ?
                """, [.text(id), .integer(at.milliseconds)]
            ) { row in
                ResumableUpload(
                    scope: row.text(3), name: row.text(4), length: row.isNull(5) ? nil : row.integer(5),
                    expected: ContentDigest(rawValue: row.text(6)), durable: row.integer(1), file: Store.file(row),
                    expiresAt: Instant(milliseconds: row.integer(7)))
            }.first
        }
    }

    private func finished(_ id: String) async throws -> StoredFile? {
        try await database.read { connection in
            try connection.query(
                "SELECT digest, durable, type FROM resumable_upload WHERE id = ?", [.text(id)], Store.file
            ).first ?? nil
        }
    }

    private static func file(_ row: SQLConnection.Row) -> StoredFile? {
        ContentDigest(rawValue: row.text(0)).map {
            StoredFile(digest: $0, byteCount: row.integer(1), contentType: row.text(2))
        }
    }

    /// Never less than is remembered: an older hold may come last.
    private func remember(durable: Int64, of id: String) async throws {
        try await database.write {
            try $0.execute(
                "UPDATE resumable_upload SET durable = ? WHERE id = ? AND durable < ?",
                [.integer(durable), .text(id), .integer(durable)])
        }
    }

    /// nil: what is there now is the whole.
    private func remember(length: Int64?, of id: String) async throws {
        try await database.write {
            try $0.execute(
                "UPDATE resumable_upload SET length = COALESCE(?, durable) WHERE id = ? AND length IS NULL",
                [length.map(SQLValue.integer) ?? .null, .text(id)])
        }
    }

    private static func uploadID(_ token: String) -> String { SHA256.hash(token.utf8).hex }
}

extension PartialFiles {
    /// Removes the bytes of every upload but `known`. Blocks. A file younger than the list may be of an upload begun since.
    func removeAll(except known: Set<String>) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: spool) where name.hasPrefix("partial-") {
            var status = stat()
            guard !known.contains(String(name.dropFirst(8))), stat(spool + "/" + name, &status) == 0,
                time(nil) - status.st_mtim.tv_sec > 3600
            else { continue }
            unlink(spool + "/" + name)
        }
    }
}
