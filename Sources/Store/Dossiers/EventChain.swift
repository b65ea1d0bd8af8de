import Platform
import PublicService

/// An event as its row holds it.
struct EventRow: Sendable, Hashable {
    var dossier: String
    var number: Int64
    var agency: String
    var at: Int64
    var actor: String
    var kind: String
    var event: String

    static let columns = "dossier, number, agency, at, actor, kind, event"

    init(_ recorded: RecordedEvent, agency: AgencyCode, ready: (any ReadyJSON)? = nil) throws {
        dossier = recorded.dossier.rawValue
        number = Int64(recorded.number)
        self.agency = agency.rawValue
        at = recorded.at.milliseconds
        actor = try StoredJSON.encode(recorded.actor)
        kind = recorded.event.kind.rawValue
        event = try StoredJSON.encode(recorded.event, ready: ready)
    }

    /// Reads the columns in the order of `columns`, beginning with `first`.
    init(_ row: SQLConnection.Row, first: Int32 = 0) {
        dossier = row.text(first)
        number = row.integer(first + 1)
        agency = row.text(first + 2)
        at = row.integer(first + 3)
        actor = row.text(first + 4)
        kind = row.text(first + 5)
        event = row.text(first + 6)
    }

    var values: [SQLValue] {
        [.text(dossier), .integer(number), .text(agency), .integer(at), .text(actor), .text(kind), .text(event)]
    }

    /// Every column with its length before it, so that no two rows give the same bytes.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(event.utf8.count + 256)
        for text in [dossier, String(number), agency, String(at), actor, kind, event] {
            bytes.append(contentsOf: String(text.utf8.count).utf8)
            bytes.append(UInt8(ascii: ":"))
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }
}

/// What keeps a request that is sent again from making a second dossier; stands beside the first event of the one it made.
struct SubmissionKey: Sendable, Hashable {
    /// Whose keys these are.
    var scope: String
    var key: String
    /// Of the request.
    var digest: String
}

/// All events of the folder in the order in which they came, each bound to the one before by an HMAC with a key of the
/// folder: an altered, removed or swapped event is found by `verify`. Beside the truth, not part of it.
struct EventChain: Sendable {
    /// A place in the chain.
    struct Link: Sendable, Hashable {
        var position: Int64
        var value: [UInt8]

        static let none = Link(position: 0, value: [])
    }

    let key: [UInt8]

    /// What follows `previous` when `row` comes.
    func value(of row: EventRow, after previous: Link) -> [UInt8] {
        MessageAuthentication.sha256(key: key, previous.value + Array("\(previous.position + 1):".utf8) + row.bytes)
    }

    func append(_ row: EventRow, under key: SubmissionKey?, to connection: SQLConnection) throws(SQLError) {
        let previous = try EventChain.newest(connection)
        try connection.execute(
            """
            INSERT INTO dossier_event (\(EventRow.columns), position, link, scope, key, digest)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            row.values + [.integer(previous.position + 1), .blob(value(of: row, after: previous))]
                + (key.map { [.text($0.scope), .text($0.key), .text($0.digest)] } ?? [.null, .null, .null]))
    }

    static func newest(_ connection: SQLConnection) throws(SQLError) -> Link {
        let found = try connection.query("SELECT position, link FROM dossier_event ORDER BY position DESC LIMIT 1") {
            Link(position: $0.integer(0), value: $0.blob(1))
        }
        return found.first ?? .none
    }

    static func link(at position: Int64, _ connection: SQLConnection) throws(SQLError) -> Link {
        let found = try connection.query("SELECT link FROM dossier_event WHERE position = ?", [.integer(position)]) {
            $0.blob(0)
        }
        return found.first.map { Link(position: position, value: $0) } ?? .none
    }

    /// Chains the events of a folder that was written before there was a chain. Does nothing once a chain exists: an
    /// event outside it is then a finding of `verify`, never silently taken in. Blocks.
    func extendToAll(_ connection: SQLConnection) throws(SQLError) {
        // The newest first, so that a chain of a million is found at once.
        let chained = "SELECT 1 FROM dossier_event WHERE length(link) > 0 ORDER BY position DESC LIMIT 1"
        guard try connection.query(chained, [], { $0.integer(0) }).isEmpty else { return }
        let rows = try connection.query("SELECT \(EventRow.columns) FROM dossier_event ORDER BY position") {
            EventRow($0)
        }
        guard !rows.isEmpty else { return }
        try connection.execute("BEGIN IMMEDIATE")
        var last = Link.none
        for row in rows {
            last = Link(position: last.position + 1, value: value(of: row, after: last))
            try connection.execute(
                "UPDATE dossier_event SET link = ? WHERE dossier = ? AND number = ?",
                [.blob(last.value), .text(row.dossier), .integer(row.number)])
        }
        try connection.execute("COMMIT")
    }

    /// Walks the whole chain beside the events and tells what does not fit.
    func findings(_ connection: SQLConnection, _ progress: @escaping ProgressReport) throws(SQLError) -> [String] {
        var findings: [String] = []
        var last = Link.none
        var walked = 0
        let all = try connection.query("SELECT COUNT(*) FROM dossier_event") { Int($0.integer(0)) }.first ?? 0
        let meter = ProgressMeter("events", total: all, progress)
        _ = try connection.query("SELECT position, link, \(EventRow.columns) FROM dossier_event ORDER BY position") {
            row in
            let found = Link(position: row.integer(0), value: row.blob(1))
            let event = EventRow(row, first: 2)
            if found.position != last.position + 1 {
                findings.append("chain: nothing between \(last.position) and \(found.position)")
            }
            if value(of: event, after: last) != found.value {
                findings.append("chain: event \(event.number) of dossier \(event.dossier) is not what was written")
            }
            last = found
            walked += 1
            meter(walked)
        }
        return findings
    }
}
