import Platform
import PublicService

/// What somebody has typed and uploaded before submitting, found by an unguessable address.
public struct Draft: Sendable, Hashable, Codable {
    /// The identity that its dossier will have.
    public var dossier: DossierID
    /// Which procedure.
    public var procedure: ProcedureCode
    /// Which revision it was begun under.
    public var revision: String
    /// Only to be printed, not submitted.
    public var isForPrint: Bool
    /// What was typed, as it was typed, by question.
    public var typed: [String: String]
    /// Steps that were left with "go on" and without defect.
    public var doneSteps: Set<String>
    /// Uploaded papers.
    public var files: [Attachment]
    /// How the result is to come.
    public var delivery: DeliveryChoice?
    /// Last change.
    public var updatedAt: Instant
    /// Counts changes.
    public var version: Int

    /// An empty one.
    public init(dossier: DossierID, procedure: ProcedureCode, revision: String, isForPrint: Bool, at: Instant) {
        self.dossier = dossier
        self.procedure = procedure
        self.revision = revision
        self.isForPrint = isForPrint
        typed = [:]
        doneSteps = []
        files = []
        delivery = nil
        updatedAt = at
        version = 1
    }
}

/// The unguessable part of a draft's address: 24 random bytes. The store keeps its digest only.
public struct DraftToken: Sendable, Hashable {
    /// base64url, 32 characters.
    public let text: String

    /// A new one.
    public init() { text = SecureRandom.bytes(24).base64URL }

    /// nil unless 32 characters of base64url.
    public init?(_ text: String) {
        guard text.utf8.count == 32,
            text.utf8.allSatisfy({ byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                    || byte == 95
            })
        else { return nil }
        self.text = text
    }

    /// What the store keys by.
    public var digest: String { SHA256.hash(text.utf8).hex }
}

extension Store {
    /// Days a draft is kept after its last change.
    public static let draftDays = 30

    /// Keeps a new draft.
    public func add(_ draft: Draft, _ token: DraftToken) async throws {
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO draft (digest, version, draft, updated_at) VALUES (?, ?, ?, ?)",
                [
                    .text(token.digest), .integer(Int64(draft.version)), .text(try StoredJSON.encode(draft)),
                    .integer(draft.updatedAt.milliseconds),
                ])
        }
    }

    /// The draft, unless it is older than it is kept.
    public func draft(_ token: DraftToken, at: Instant) async throws -> Draft? {
        try await database.read { try Store.draft(token, at, $0) }
    }

    /// Changes a draft; returns what it is then.
    public func change(
        _ token: DraftToken, at: Instant, _ edit: @escaping @Sendable (inout Draft) throws -> Void
    ) async throws -> Draft {
        try await database.write { connection in
            guard var draft = try Store.draft(token, at, connection) else { throw StoreError.notFound }
            try edit(&draft)
            draft.version += 1
            draft.updatedAt = at
            try connection.execute(
                "UPDATE draft SET version = ?, draft = ?, updated_at = ? WHERE digest = ?",
                [
                    .integer(Int64(draft.version)), .text(try StoredJSON.encode(draft)), .integer(at.milliseconds),
                    .text(token.digest),
                ])
            return draft
        }
    }

    /// Forgets a draft.
    public func remove(_ token: DraftToken) async throws {
        try await database.write { try $0.execute("DELETE FROM draft WHERE digest = ?", [.text(token.digest)]) }
    }

    /// Forgets drafts that are older than they are kept, sessions nobody uses, and uploads nobody finished.
    public func removeExpired(at: Instant) async throws {
        let limit = at.adding(seconds: -Int64(Store.draftDays) * 86_400)
        try await database.write { connection in
            try connection.execute("DELETE FROM draft WHERE updated_at < ?", [.integer(limit.milliseconds)])
            try connection.execute("DELETE FROM session WHERE seen_at < ?", [.integer(at.seconds - 86_400)])
            try connection.execute(
                "DELETE FROM login_attempt WHERE at < ?", [.integer(at.milliseconds - SignInWindow.milliseconds)])
        }
        try await removeExpiredUploads(at: at)
    }

    private static func draft(_ token: DraftToken, _ at: Instant, _ connection: SQLConnection) throws -> Draft? {
        let oldest = at.adding(seconds: -Int64(draftDays) * 86_400)
        let found = try connection.query(
            "SELECT draft FROM draft WHERE digest = ? AND updated_at >= ?",
            [.text(token.digest), .integer(oldest.milliseconds)]
        ) { $0.text(0) }
        return try found.first.map { try StoredJSON.decode(Draft.self, $0) }
    }
}
