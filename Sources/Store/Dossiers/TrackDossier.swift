import Platform
import PublicService

/// An event with its place among all events of the folder.
public struct StoredEvent: Sendable, Hashable {
    /// 1, 2, 3 … over all dossiers, without gaps.
    public let position: Int64
    /// The event.
    public let recorded: RecordedEvent
    /// HMAC over this event and the link before it, 32 bytes.
    public let link: [UInt8]
}

extension Store {
    /// The dossier with this code, for whoever holds its lookup key. A wrong key and an unknown code get the same answer
    /// after the same work: codes can be guessed, and must tell nothing.
    public func track(_ code: DossierCode, key: LookupKey) async throws -> Dossier? {
        let given = Array(Store.digest(of: key).utf8)
        return try await database.read { connection in
            let found = try connection.query("SELECT key_digest FROM dossier WHERE code = ?", [.text(code.rawValue)]) {
                Array($0.text(0).utf8)
            }
            let kept = found.first ?? [UInt8](repeating: UInt8(ascii: "-"), count: given.count)
            guard MessageAuthentication.equal(kept, given) else { return nil }
            return try Projection(connection: connection).dossier(where: "code", code.rawValue)
        }
    }

    /// Events of all dossiers in the order in which they came, after a position; at most `limit` (1 … 1000).
    public func events(after position: Int64, limit: Int) async throws -> [StoredEvent] {
        try await database.read { connection in
            let rows = try connection.query(
                """
                SELECT position, link, dossier, number, at, actor, event FROM dossier_event
                WHERE position > ? ORDER BY position LIMIT ?
                """, [.integer(position), .integer(Int64(min(max(limit, 1), 1_000)))]
            ) { ($0.integer(0), $0.blob(1), $0.text(2), $0.integer(3), $0.integer(4), $0.text(5), $0.text(6)) }
            return try rows.map { position, link, id, number, at, actor, event in
                guard let dossier = DossierID(rawValue: id) else { throw StoreError.notFound }
                return StoredEvent(
                    position: position,
                    recorded: RecordedEvent(
                        dossier: dossier, number: Int(number), at: Instant(milliseconds: at),
                        actor: try StoredJSON.decode(Actor.self, actor),
                        event: try StoredJSON.decode(DossierEvent.self, event)), link: link)
            }
        }
    }

    /// A small remembered text, e.g. the newest position that another system was told of.
    public func setting(_ name: String) async throws -> String? {
        try await database.read {
            try $0.query("SELECT content FROM setting WHERE name = ?", [.text(name)]) { $0.text(0) }.first
        }
    }

    /// Remembers a small text.
    public func set(_ name: String, to content: String) async throws {
        try await database.write {
            try $0.execute(
                "INSERT INTO setting (name, content) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET content = excluded.content",
                [.text(name), .text(content)])
        }
    }
}
