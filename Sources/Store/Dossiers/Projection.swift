import Platform
import PublicService

/// From events to rows: appends, and keeps what they fold to beside them. Runs inside a writer's transaction.
struct Projection {
    let connection: SQLConnection
    /// What was encoded before the writer's turn came.
    var ready: (any ReadyJSON)?

    /// Appends `events` to a dossier (or begins one, under `key`); `save` then writes what it is now.
    func append(
        _ events: [DossierEvent], to dossier: Dossier?, under key: SubmissionKey? = nil, id: DossierID, by actor: Actor,
        at: Instant, chain: EventChain
    ) throws -> Dossier {
        var current = dossier
        for event in events {
            let number = (current?.version ?? 0) + 1
            let recorded = RecordedEvent(dossier: id, number: number, at: at, actor: actor, event: event)
            if current == nil {
                current = try Dossier.folding([recorded])
            } else {
                try current?.apply(recorded)
            }
            guard let current else { throw StoreError.notFound }
            let row = try EventRow(recorded, agency: current.submission.agencies.receivedAt, ready: ready)
            try chain.append(row, under: number == 1 ? key : nil, to: connection)
            try trackPayment(recorded)
        }
        guard let current else { throw StoreError.notFound }
        return current
    }

    func trackPayment(_ recorded: RecordedEvent) throws {
        switch recorded.event {
        case .paymentRequested(let order):
            try connection.execute(
                "INSERT INTO payment_order (reference, dossier, amount, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
                [
                    .text(order.reference), .text(recorded.dossier.rawValue), .integer(order.amount.dong),
                    .integer(order.createdAt.milliseconds), .integer(order.expiresAt.milliseconds),
                ])
        case .paymentSettled(let settlement):
            try connection.execute(
                "UPDATE payment_order SET outcome = ?, payment = ? WHERE reference = ?",
                [
                    .text(settlement.outcome.rawValue), settlement.transaction.map { .text($0) } ?? .null,
                    .text(settlement.reference),
                ])
        default: break
        }
    }

    /// Writes the projection of a dossier over the one that may be there.
    func save(_ dossier: Dossier) throws {
        try connection.execute(Projection.saving, try Projection.values(of: dossier, ready: ready))
    }

    private static let saving = """
        INSERT INTO dossier (\(columns.joined(separator: ", "))) VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
        ON CONFLICT (id) DO UPDATE SET \(columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
        """

    static let columns = [
        "id", "code", "agency", "procedure", "version", "state", "finance", "holder", "assignee", "deadline",
        "submitted_at", "finished_at", "was_late", "applicant_folded", "phone", "key_digest", "partner", "snapshot",
    ]

    /// What a dossier's row says, in the order of `columns`.
    static func values(of dossier: Dossier, ready: (any ReadyJSON)? = nil) throws -> [SQLValue] {
        let submission = dossier.submission
        let finishedAt = dossier.result?.issuedAt
        let isLate = finishedAt.map { finished in dossier.dueAt.map { finished > $0 } ?? false } ?? false
        let partner: SQLValue = submission.channel == .partner ? .text(submission.partnerReference ?? "") : .null
        return [
            .text(dossier.id.rawValue), .text(dossier.code.rawValue),
            .text(submission.agencies.receivedAt.rawValue), .text(submission.procedure.rawValue),
            .integer(Int64(dossier.version)), .text(dossier.state.rawValue), .text(dossier.finance.rawValue),
            .text(Projection.holder(dossier.holder.place)),
            dossier.assignee.map { .text($0.rawValue) } ?? .null,
            dossier.deadline.map { .integer($0.milliseconds) } ?? .null,
            .integer(dossier.submittedAt.milliseconds), finishedAt.map { .integer($0.milliseconds) } ?? .null,
            .integer(isLate ? 1 : 0), .text(TypedText.folded(submission.applicant.name)),
            .text(submission.applicant.phone), .text(submission.lookupKeyDigest), partner,
            .text(try StoredJSON.encode(dossier, ready: ready)),
        ]
    }

    /// The row as it stands; nil when there is none.
    func row(of id: String) throws -> [SQLValue]? {
        try connection.query(
            "SELECT \(Projection.columns.joined(separator: ", ")) FROM dossier WHERE id = ?", [.text(id)]
        ) { row in Projection.columns.indices.map { row.value(Int32($0)) } }.first
    }

    static func holder(_ place: Holder.Place) -> String {
        switch place {
        case .desk: "desk"
        case .officer: "officer"
        case .leader: "leader"
        case .clerk: "clerk"
        case .citizen: "citizen"
        case .nobody: "nobody"
        }
    }

    func dossier(where column: String, _ value: String) throws -> Dossier? {
        let found = try connection.query("SELECT snapshot FROM dossier WHERE \(column) = ?", [.text(value)]) {
            $0.text(0)
        }
        return try found.first.map { try StoredJSON.decode(Dossier.self, $0) }
    }

    func events(of id: String) throws -> [RecordedEvent] {
        let rows = try connection.query(
            "SELECT number, at, actor, event FROM dossier_event WHERE dossier = ? ORDER BY number", [.text(id)]
        ) { ($0.integer(0), $0.integer(1), $0.text(2), $0.text(3)) }
        guard let dossier = DossierID(rawValue: id) else { return [] }
        return try rows.map { number, at, actor, event in
            RecordedEvent(
                dossier: dossier, number: Int(number), at: Instant(milliseconds: at),
                actor: try StoredJSON.decode(Actor.self, actor), event: try StoredJSON.decode(DossierEvent.self, event))
        }
    }

    /// Which dossier was submitted under a key, and the digest of that request.
    func submission(scope: String, key: String) throws -> (digest: String, dossier: String)? {
        try connection.query(
            "SELECT digest, dossier FROM dossier_event WHERE scope = ? AND key = ?", [.text(scope), .text(key)]
        ) { ($0.text(0), $0.text(1)) }.first
    }

    /// The next number of a gapless series; taken back with the transaction.
    func next(_ counter: String) throws -> Int {
        let value = try connection.query(
            """
            INSERT INTO counter (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1
            RETURNING value
            """, [.text(counter)]
        ) { $0.integer(0) }
        return Int(value.first ?? 0)
    }
}
