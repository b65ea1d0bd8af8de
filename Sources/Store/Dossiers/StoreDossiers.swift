import Platform
import PublicService

/// What a submission came to.
public enum SubmitOutcome: Sendable, Hashable {
    /// A new dossier.
    case created(Dossier)
    /// The same request was there before; this is its dossier.
    case already(Dossier)
    /// The same key with another content.
    case conflict
}

/// An order of payment as the store knows it.
public struct KnownOrder: Sendable, Hashable {
    /// vnp_TxnRef.
    public let reference: String
    /// What was asked.
    public let amount: Money
    /// When it was made.
    public let createdAt: Instant
    /// What became of it; nil while nothing is known.
    public let outcome: FinanceState?
    /// The gateway's number of the settling payment.
    public let payment: String?
}

/// Gapless numbers inside the running transaction.
public struct Counters {
    let projection: Projection

    /// The next number of `name`, beginning with 1.
    public func next(_ name: String) throws -> Int { try projection.next(name) }
}

extension Store {
    /// Begins a dossier once: the same `key` in the same `scope` finds the first one. The code is the next of its agency
    /// and day, taken in the same transaction; so are the events that `follow` says come with it, which are the citizen's.
    /// `ahead`, when it is what `make` will record, is encoded beside the one writer that everybody waits for.
    public func submit(
        _ ahead: Submission? = nil, id: DossierID, scope: String, key: String, requestDigest: String,
        agency: AgencyCode, by actor: Actor,
        at: Instant, follow: @escaping @Sendable (Dossier) throws -> [DossierEvent] = { _ in [] },
        make: @escaping @Sendable (DossierCode) throws -> SubmissionRecord
    ) async throws -> SubmitOutcome {
        let ready = try ahead.map { try EncodedAhead($0) }
        return try await database.write { [chain] connection in
            let projection = Projection(connection: connection, ready: ready)
            if let (digest, dossier) = try projection.submission(scope: scope, key: key) {
                guard digest == requestDigest else { return .conflict }
                guard let found = try projection.dossier(where: "id", dossier) else { throw StoreError.notFound }
                return .already(found)
            }
            let day = LocalMinute(at).date
            let number = try projection.next("code:\(agency):\(day.compact)")
            guard let code = DossierCode(agency: agency, date: day, number: number) else {
                throw StoreError.unavailable
            }
            let begun = try projection.append(
                [.submitted(try make(code))], to: nil,
                under: SubmissionKey(scope: scope, key: key, digest: requestDigest), id: id, by: actor, at: at,
                chain: chain)
            let following = try follow(begun)
            guard !following.isEmpty else {
                try projection.save(begun)
                return .created(begun)
            }
            let dossier = try projection.append(following, to: begun, id: id, by: .citizen, at: at, chain: chain)
            try projection.save(dossier)
            return .created(dossier)
        }
    }

    /// Lets `decide` add events to a dossier; nothing is written when it throws or returns none.
    /// `expecting` is the version that the form showed: another one is somebody else's change.
    public func change(
        _ code: DossierCode, expecting: Int? = nil, by actor: Actor, at: Instant,
        decide: @escaping @Sendable (Dossier, Counters) throws -> [DossierEvent]
    ) async throws -> Dossier {
        try await database.write { [chain] connection in
            let projection = Projection(connection: connection)
            guard let dossier = try projection.dossier(where: "code", code.rawValue) else { throw StoreError.notFound }
            if let expecting, expecting != dossier.version {
                throw StoreError.versionConflict(current: dossier.version)
            }
            let events = try decide(dossier, Counters(projection: projection))
            guard !events.isEmpty else { return dossier }
            let changed = try projection.append(events, to: dossier, id: dossier.id, by: actor, at: at, chain: chain)
            try projection.save(changed)
            return changed
        }
    }

    /// Finds an order with its dossier and lets `decide` answer and add events, in one transaction.
    public func settle<Answer: Sendable>(
        reference: String, at: Instant,
        decide: @escaping @Sendable ((order: KnownOrder, dossier: Dossier)?) throws -> (Answer, [DossierEvent])
    ) async throws -> Answer {
        try await database.write { [chain] connection in
            let projection = Projection(connection: connection)
            guard let order = try Store.order(reference, connection),
                let dossier = try projection.dossier(where: "id", order.dossier)
            else { return try decide(nil).0 }
            let (answer, events) = try decide((order.known, dossier))
            if !events.isEmpty {
                try projection.save(
                    projection.append(events, to: dossier, id: dossier.id, by: .gateway, at: at, chain: chain))
            }
            return answer
        }
    }

    /// An order and its dossier, for showing.
    public func order(_ reference: String) async throws -> (order: KnownOrder, dossier: Dossier)? {
        try await database.read { connection in
            guard let order = try Store.order(reference, connection),
                let dossier = try Projection(connection: connection).dossier(where: "id", order.dossier)
            else { return nil }
            return (order.known, dossier)
        }
    }

    /// How many orders a dossier has had.
    public func orderCount(of id: DossierID) async throws -> Int {
        try await database.read { connection in
            let count = try connection.query(
                "SELECT COUNT(*) FROM payment_order WHERE dossier = ?", [.text(id.rawValue)]
            ) { $0.integer(0) }
            return Int(count.first ?? 0)
        }
    }

    /// Orders whose outcome is unknown, made between two moments: to be asked for. At most 100.
    public func pendingOrders(from: Instant, to: Instant) async throws -> [KnownOrder] {
        try await database.read { connection in
            let references = try connection.query(
                """
                SELECT reference FROM payment_order WHERE outcome IS NULL AND created_at >= ? AND created_at <= ?
                ORDER BY created_at LIMIT 100
                """, [.integer(from.milliseconds), .integer(to.milliseconds)]
            ) { $0.text(0) }
            return try references.compactMap { try Store.order($0, connection)?.known }
        }
    }

    private struct OrderRow {
        let known: KnownOrder
        let dossier: String
    }

    private static func order(_ reference: String, _ connection: SQLConnection) throws -> OrderRow? {
        try connection.query(
            "SELECT dossier, amount, created_at, outcome, payment FROM payment_order WHERE reference = ?",
            [.text(reference)]
        ) { row in
            OrderRow(
                known: KnownOrder(
                    reference: reference, amount: Money(dong: max(0, row.integer(1))),
                    createdAt: Instant(milliseconds: row.integer(2)),
                    outcome: row.isNull(3) ? nil : FinanceState(rawValue: row.text(3)),
                    payment: row.isNull(4) ? nil : row.text(4)),
                dossier: row.text(0))
        }.first
    }

    /// A dossier by its code.
    public func dossier(_ code: DossierCode) async throws -> Dossier? {
        try await database.read { try Projection(connection: $0).dossier(where: "code", code.rawValue) }
    }

    /// A dossier's history.
    public func events(of id: DossierID) async throws -> [RecordedEvent] {
        try await database.read { try Projection(connection: $0).events(of: id.rawValue) }
    }

    /// A dossier's history, and the names of all officers that may occur in it, in one turn of a reader.
    public func history(of id: DossierID) async throws -> (events: [RecordedEvent], officers: [OfficerID: String]) {
        try await database.read { connection in
            let names = try connection.query("SELECT login, name FROM officer") { ($0.text(0), $0.text(1)) }
            let officers = names.compactMap { login, name in OfficerID(rawValue: login).map { ($0, name) } }
            return (
                try Projection(connection: connection).events(of: id.rawValue),
                Dictionary(officers) { first, _ in first }
            )
        }
    }

    /// What was submitted under a key before: the digest of that request, and its dossier.
    public func submission(scope: String, key: String) async throws -> (digest: String, dossier: Dossier)? {
        try await database.read { connection in
            let projection = Projection(connection: connection)
            guard let (digest, id) = try projection.submission(scope: scope, key: key),
                let dossier = try projection.dossier(where: "id", id)
            else { return nil }
            return (digest, dossier)
        }
    }

    /// The dossier that a draft or a partner's key was submitted as.
    public func dossier(scope: String, key: String) async throws -> Dossier? {
        try await database.read { connection in
            let projection = Projection(connection: connection)
            guard let found = try projection.submission(scope: scope, key: key) else { return nil }
            return try projection.dossier(where: "id", found.dossier)
        }
    }

    /// A partner's own submissions in the order in which they were kept, after a code; at most `limit` (1 … 500).
    /// Not in the order of their times: one that came earlier may be kept later, and a reader who has passed would
    /// never see it.
    public func submissions(
        scope: String, after code: String?, limit: Int
    ) async throws -> [(key: String, dossier: Dossier)] {
        try await database.read { connection in
            let rows = try connection.query(
                """
                SELECT e.key, d.snapshot FROM dossier_event e JOIN dossier d ON d.id = e.dossier
                WHERE e.position IN (
                    SELECT position FROM dossier_event WHERE scope = ? AND key IS NOT NULL AND position > COALESCE((
                        SELECT a.position FROM dossier b JOIN dossier_event a ON a.dossier = b.id AND a.number = 1
                        WHERE b.code = ?), 0)
                    ORDER BY position LIMIT ?)
                ORDER BY e.position
                """, [.text(scope), .text(code ?? ""), .integer(Int64(min(max(limit, 1), 500)))]
            ) { ($0.text(0), $0.text(1)) }
            return try rows.map { ($0.0, try StoredJSON.decode(Dossier.self, $0.1)) }
        }
    }
}
