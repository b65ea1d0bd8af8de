import PublicService

/// Which dossiers a list shows.
public struct QueueFilter: Sendable, Hashable {
    /// States; all when empty.
    public var states: Set<BusinessState> = []
    /// Only those handed to this officer.
    public var assignee: OfficerID?
    /// Words in the name, a code, or a phone.
    public var text: String?
    /// Only those whose deadline has passed at this moment.
    public var overdueAt: Instant?
    /// Rows to skip.
    public var offset = 0
    /// Rows at most (1 … 200).
    public var limit = 50

    /// Everything.
    public init() {}
}

/// A month of the public figures.
public struct MonthFigures: Sendable, Hashable, Codable {
    /// `yyyy-MM`.
    public var month: String
    /// Submitted.
    public var received: Int
    /// Result issued.
    public var finished: Int
    /// Issued in time.
    public var onTime: Int
    /// Issued late.
    public var late: Int

    /// The counts of one month.
    public init(month: String, received: Int = 0, finished: Int = 0, onTime: Int = 0, late: Int = 0) {
        self.month = month
        self.received = received
        self.finished = finished
        self.onTime = onTime
        self.late = late
    }
}

extension Store {
    /// Dossiers in the order of their real deadline, those without one last.
    public func queue(agency: AgencyCode, _ filter: QueueFilter) async throws -> [Dossier] {
        let (condition, values) = Store.condition(agency, filter)
        let sql = """
            SELECT snapshot FROM dossier WHERE \(condition)
            ORDER BY deadline IS NULL, deadline, submitted_at, code LIMIT ? OFFSET ?
            """
        let bounds: [SQLValue] = [
            .integer(Int64(min(max(filter.limit, 1), 200))), .integer(Int64(max(filter.offset, 0))),
        ]
        return try await database.read { connection in
            try connection.query(sql, values + bounds) { $0.text(0) }.map { try StoredJSON.decode(Dossier.self, $0) }
        }
    }

    /// How many a filter finds.
    public func count(agency: AgencyCode, _ filter: QueueFilter) async throws -> Int {
        let (condition, values) = Store.condition(agency, filter)
        return try await database.read { connection in
            Int(
                try connection.query("SELECT COUNT(*) FROM dossier WHERE \(condition)", values) { $0.integer(0) }.first
                    ?? 0)
        }
    }

    private static func condition(_ agency: AgencyCode, _ filter: QueueFilter) -> (String, [SQLValue]) {
        var parts = ["agency = ?"]
        var values: [SQLValue] = [.text(agency.rawValue)]
        if !filter.states.isEmpty {
            let states = filter.states.map(\.rawValue).sorted()
            parts.append("state IN (\(states.map { _ in "?" }.joined(separator: ", ")))")
            values += states.map { .text($0) }
        }
        if let assignee = filter.assignee {
            parts.append("assignee = ?")
            values.append(.text(assignee.rawValue))
        }
        if let overdueAt = filter.overdueAt {
            parts.append("deadline < ?")
            values.append(.integer(overdueAt.milliseconds))
        }
        if let text = filter.text, !text.isEmpty {
            parts.append("(applicant_folded LIKE ? ESCAPE '!' OR code LIKE ? ESCAPE '!' OR phone = ?)")
            values.append(.text("%" + escaped(TypedText.folded(text)) + "%"))
            values.append(.text("%" + escaped(text.uppercased()) + "%"))
            values.append(.text(TypedText.digits(text) ?? "-"))
        }
        return (parts.joined(separator: " AND "), values)
    }

    private static func escaped(_ text: String) -> String {
        text.prefix(100).map { "!%_".contains($0) ? "!\($0)" : String($0) }.joined()
    }

    /// Figures by month, newest first; at most 24. Times are the office's.
    public func months(agency: AgencyCode) async throws -> [MonthFigures] {
        // 25 200 000 ms: UTC+7.
        let month = { @Sendable (column: String) in "strftime('%Y-%m', (\(column) + 25200000) / 1000, 'unixepoch')" }
        return try await database.read { connection in
            var found: [String: MonthFigures] = [:]
            func figures(_ month: String) -> MonthFigures {
                found[month] ?? MonthFigures(month: month)
            }
            let received = try connection.query(
                "SELECT \(month("submitted_at")), COUNT(*) FROM dossier WHERE agency = ? GROUP BY 1 ORDER BY 1 DESC LIMIT 24",
                [.text(agency.rawValue)]
            ) { ($0.text(0), Int($0.integer(1))) }
            for (name, count) in received {
                var row = figures(name)
                row.received = count
                found[name] = row
            }
            let finished = try connection.query(
                """
                SELECT \(month("finished_at")), COUNT(*), SUM(was_late) FROM dossier
                WHERE agency = ? AND finished_at IS NOT NULL GROUP BY 1 ORDER BY 1 DESC LIMIT 24
                """, [.text(agency.rawValue)]
            ) { ($0.text(0), Int($0.integer(1)), Int($0.integer(2))) }
            for (name, count, late) in finished {
                var row = figures(name)
                (row.finished, row.onTime, row.late) = (count, count - late, late)
                found[name] = row
            }
            return found.values.sorted { $0.month > $1.month }.prefix(24).map { $0 }
        }
    }
}
