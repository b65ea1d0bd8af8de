import Platform
import PublicService

/// What somebody did at the desk besides changing a dossier, which the dossier's own events tell (OWASP ASVS 5.0
/// section 16.3): who, when, what, on which dossier, from where.
public struct AuditEntry: Sendable, Hashable {
    /// What was done.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        /// Signed in.
        case signedIn
        /// Tried to sign in and failed.
        case signInFailed
        /// Signed out.
        case signedOut
        /// Opened a dossier.
        case viewed
        /// Opened a paper or a result.
        case openedPaper
        /// Opened a slip.
        case openedSlip
        /// Did a verb; `subject` names it behind the dossier's code.
        case acted
        /// Was refused a verb.
        case refused
    }

    /// When.
    public var at: Instant
    /// Login name; as typed (at most 100 characters) when nobody signed in.
    public var who: String
    /// What.
    public var action: Action
    /// A dossier's code, perhaps with more behind a space; empty when it is about none.
    public var subject: String
    /// The client's network address.
    public var address: String

    /// Puts an entry together.
    public init(at: Instant, who: String, action: Action, subject: String = "", address: String) {
        self.at = at
        self.who = String(who.prefix(100))
        self.action = action
        self.subject = subject
        self.address = address
    }

    fileprivate static let columns = "at, who, action, subject, address"

    fileprivate init?(_ row: SQLConnection.Row, first: Int32) {
        guard let action = Action(rawValue: row.text(first + 2)) else { return nil }
        self.init(
            at: Instant(milliseconds: row.integer(first)), who: row.text(first + 1), action: action,
            subject: row.text(first + 3), address: row.text(first + 4))
    }

    /// Every part with its length before it, so that no two entries give the same bytes.
    fileprivate var bytes: [UInt8] {
        [String(at.milliseconds), who, action.rawValue, subject, address].flatMap { text in
            Array("\(text.utf8.count):".utf8) + Array(text.utf8)
        }
    }
}

/// The entries in the order in which they came, each bound to the one before by an HMAC with the folder's key, their
/// number kept beside: an altered, removed, added or swapped entry is found by `verify`.
struct AuditTrail: Sendable {
    private static let counter = "audit"
    let key: [UInt8]

    private func value(of entry: AuditEntry, at position: Int, after previous: [UInt8]) -> [UInt8] {
        MessageAuthentication.sha256(key: key, Array("audit \(position):".utf8) + previous + entry.bytes)
    }

    func append(_ entry: AuditEntry, to connection: SQLConnection) throws {
        let position = try Projection(connection: connection).next(AuditTrail.counter)
        let previous = try connection.query(
            "SELECT link FROM audit WHERE position = ?", [.integer(Int64(position - 1))]
        ) { $0.blob(0) }.first
        try connection.execute(
            "INSERT INTO audit (position, \(AuditEntry.columns), link) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(Int64(position)), .integer(entry.at.milliseconds), .text(entry.who),
                .text(entry.action.rawValue), .text(entry.subject), .text(entry.address),
                .blob(value(of: entry, at: position, after: previous ?? [])),
            ])
    }

    /// Walks the trail and tells what does not fit.
    func findings(_ connection: SQLConnection) throws -> [String] {
        var findings: [String] = []
        var (last, previous) = (0, [UInt8]())
        _ = try connection.query(
            "SELECT position, link, \(AuditEntry.columns) FROM audit ORDER BY position"
        ) { row in
            let (position, link) = (Int(row.integer(0)), row.blob(1))
            if position != last + 1 { findings.append("audit: nothing between \(last) and \(position)") }
            let entry = AuditEntry(row, first: 2)
            if entry.map({ value(of: $0, at: position, after: previous) }) != link {
                findings.append("audit: entry \(position) is not what was written")
            }
            (last, previous) = (position, link)
        }
        let given =
            try connection.query(
                "SELECT value FROM counter WHERE name = ?", [.text(AuditTrail.counter)]
            ) { Int($0.integer(0)) }.first ?? 0
        if given != last { findings.append("audit: \(given) entries were given, \(last) are there") }
        return findings
    }
}

extension Store {
    /// Adds an entry to the trail.
    public func record(_ entry: AuditEntry) async throws {
        try await database.write { [chain] connection in
            try AuditTrail(key: chain.key).append(entry, to: connection)
        }
    }

    /// The newest entries, newest first; at most `limit` (1 … 1000).
    public func auditEntries(limit: Int) async throws -> [AuditEntry] {
        try await database.read { connection in
            try connection.query(
                "SELECT \(AuditEntry.columns) FROM audit ORDER BY position DESC LIMIT ?",
                [.integer(Int64(min(max(limit, 1), 1000)))]
            ) { AuditEntry($0, first: 0) }.compactMap { $0 }
        }
    }
}
