import Foundation
import PublicService
import Testing

@testable import Store

@Suite struct VerifyTests {
    /// A way of meddling with a closed folder, and the finding that must tell of it.
    struct Meddling: Sendable, CustomTestStringConvertible {
        let name: String
        let statement: String
        let finding: String
        var testDescription: String { name }
    }

    static let meddlings = [
        Meddling(
            name: "an answer changed in the event and in what is shown",
            statement: """
                UPDATE dossier_event SET event = replace(event, '0912345678', '0987654321') WHERE number = 1;
                UPDATE dossier SET snapshot = replace(snapshot, '0912345678', '0987654321'), phone = '0987654321'
                """, finding: "is not what was written"),
        Meddling(
            name: "the time of an event", statement: "UPDATE dossier_event SET at = at - 86400000",
            finding: "is not what was written"),
        Meddling(
            name: "who did it", statement: "UPDATE dossier_event SET actor = '{\"system\":{}}'",
            finding: "is not what was written"),
        Meddling(
            name: "the newest dossier taken away, with its place in the chain",
            statement: """
                DELETE FROM dossier_event WHERE dossier = (SELECT id FROM dossier ORDER BY code DESC LIMIT 1);
                DELETE FROM dossier WHERE code = (SELECT MAX(code) FROM dossier)
                """, finding: "3 were given, 2 are there"),
        Meddling(
            name: "an event taken away", statement: "DELETE FROM dossier_event WHERE position = 2",
            finding: "chain: nothing between 1 and 3"),
        Meddling(
            name: "an event put in beside the program",
            statement: """
                INSERT INTO dossier_event SELECT 9, dossier, 9, agency, at, actor, kind, event, link, NULL, NULL, NULL
                FROM dossier_event WHERE position = 2
                """, finding: "chain: event 9 of dossier"),
        Meddling(
            name: "what is shown", statement: "UPDATE dossier SET snapshot = replace(snapshot, '8000', '1')",
            finding: "what is shown differs"),
        Meddling(
            name: "a column beside what is shown", statement: "UPDATE dossier SET deadline = deadline + 1",
            finding: "what is shown differs"),
        Meddling(
            name: "two events that changed places",
            statement: """
                UPDATE dossier_event SET number = 9 WHERE number = 1;
                UPDATE dossier_event SET number = 1 WHERE number = 2;
                UPDATE dossier_event SET number = 2 WHERE number = 9
                """, finding: "is not what was written"),
        Meddling(
            name: "a link of the chain", statement: "UPDATE dossier_event SET link = zeroblob(32) WHERE position = 2",
            finding: "is not what was written"),
        Meddling(
            name: "a key that was submitted under", statement: "UPDATE dossier_event SET key = NULL WHERE key = 'k1'",
            finding: "the key it was submitted under is gone"),
        Meddling(
            name: "a paper that a partner uploaded",
            statement:
                "INSERT INTO upload (scope, digest, type, size, at) VALUES ('p', '\(String(repeating: "a", count: 64))', 'x', 1, 1)",
            finding: "aaaa: missing"),
        Meddling(
            name: "how long one may pay", statement: "UPDATE payment_order SET expires_at = expires_at + 1",
            finding: "payment order H56.31.12-261125-0001.1"),
        Meddling(
            name: "an amount to pay", statement: "UPDATE payment_order SET amount = 1",
            finding: "payment order H56.31.12-261125-0001.1"),
        Meddling(
            name: "who looked", statement: "UPDATE audit SET who = 'binh' WHERE position = 2",
            finding: "audit: entry 2 is not what was written"),
        Meddling(
            name: "when someone looked", statement: "UPDATE audit SET at = at + 1 WHERE position = 1",
            finding: "audit: entry 1 is not what was written"),
        Meddling(
            name: "a look taken away", statement: "DELETE FROM audit WHERE position = 2",
            finding: "audit: nothing between 1 and 3"),
        Meddling(
            name: "the newest look taken away", statement: "DELETE FROM audit WHERE position = 3",
            finding: "audit: 3 entries were given, 2 are there"),
        Meddling(
            name: "two looks swapped",
            statement: """
                UPDATE audit SET position = 9 WHERE position = 1; UPDATE audit SET position = 1 WHERE position = 2;
                UPDATE audit SET position = 2 WHERE position = 9
                """, finding: "audit: entry 1 is not what was written"),
        Meddling(
            name: "a payment that never was", statement: "UPDATE payment_order SET outcome = 'paid'",
            finding: "payment order H56.31.12-261125-0001.1"),
    ]

    @Test(arguments: meddlings) func findsWhatWasMeddledWith(_ meddling: Meddling) async throws {
        try await withStore { store, folder in
            for number in 0..<3 { _ = try await Sample.submit(store, key: "k\(number)") }
            let code = try #require(DossierCode(rawValue: "H56.31.12-261125-0001"))
            _ = try await store.change(code, by: .citizen, at: Sample.at) { dossier, _ in
                try dossier.requestPayment(attempt: 1, at: Sample.at, expiresAt: Sample.at)
            }
            for who in ["an", "an", "chi"] {
                try await store.record(AuditEntry(at: Sample.at, who: who, action: .viewed, address: "192.0.2.1"))
            }
            #expect(try StoreOperations.verify(folder) { _ in }.findings == [])
            let connection = try SQLConnection(path: folder.database, isReader: false)
            for statement in meddling.statement.split(separator: ";") { try connection.execute(String(statement)) }
            let findings = try StoreOperations.verify(folder) { _ in }.findings
            #expect(findings.contains { $0.contains(meddling.finding) }, "\(findings)")
        }
    }

    @Test func rebuildingGivesTheSameAgain() async throws {
        try await withStore { store, folder in
            for number in 0..<3 { _ = try await Sample.submit(store, key: "k\(number)") }
            let connection = try SQLConnection(path: folder.database, isReader: false)
            let columns =
                "SELECT code, deadline, applicant_folded, phone, key_digest, snapshot FROM dossier ORDER BY id"
            let read: (SQLConnection.Row) -> [String] = { row in (0..<6).map { row.text($0) } }
            let before = try connection.query(columns, [], read)
            try connection.execute("UPDATE dossier SET deadline = 1, phone = '', snapshot = '{}'")
            #expect(try connection.query(columns, [], read) != before)
            #expect(try StoreOperations.rebuildProjections(folder) { _ in } == 3)
            #expect(try connection.query(columns, [], read) == before)
        }
    }

    @Test func aFolderFromBeforeTheChainIsChainedOnceWhenOpened() async throws {
        try await withStore { store, folder in
            for number in 0..<3 { _ = try await Sample.submit(store, key: "k\(number)") }
            let connection = try SQLConnection(path: folder.database, isReader: false)
            try connection.takeApartEvents()
            // As the first step left it.
            for name in ["event_chain", "login_attempt", "setting", "upload", "audit", "resumable_upload"] {
                try connection.execute("DROP TABLE \(name)")
            }
            for name in ["code_seed", "code_step"] { try connection.execute("ALTER TABLE officer DROP COLUMN \(name)") }
            for name in [
                "payment_order_by_dossier", "payment_order_by_outcome", "dossier_by_issue",
                "session_by_subject", "draft_by_age",
            ] { try connection.execute("DROP INDEX \(name)") }
            try connection.execute("DELETE FROM schema_step WHERE step > 1")
            let again = try Store(folder)
            #expect(try StoreOperations.verify(folder) { _ in }.findings == [])
            #expect(try await again.count(agency: try #require(Sample.agency), QueueFilter()) == 3)
            _ = try Store(folder)
            #expect(try EventChain.newest(connection).position == 3)
        }
    }

    /// Step 7 puts three tables into one: places in the chain and keys stay, and an event that had no place gets none that
    /// could be taken for one.
    @Test(arguments: [true, false]) func eventsWithTheirPlacesAndKeysAreOneTable(_ hasStranger: Bool) async throws {
        try await withStore { store, folder in
            for number in 0..<3 { _ = try await Sample.submit(store, key: "k\(number)") }
            let connection = try SQLConnection(path: folder.database, isReader: false)
            let all = """
                SELECT position, dossier, number, hex(link), scope, key, digest FROM dossier_event ORDER BY position
                """
            let read: (SQLConnection.Row) -> [SQLValue] = { row in (0..<7).map { row.value($0) } }
            let before = try connection.query(all, [], read)
            try connection.takeApartEvents()
            if hasStranger {
                try connection.execute(
                    """
                    INSERT INTO dossier_event SELECT dossier, 9, agency, at, actor, kind, event FROM dossier_event
                    WHERE number = 1 ORDER BY dossier LIMIT 1
                    """)
            }
            let again = try Store(folder)
            let after = try connection.query(all, [], read)
            #expect(Array(after.prefix(3)) == before)
            let findings = try StoreOperations.verify(folder) { _ in }.findings
            #expect(after.count == (hasStranger ? 4 : 3))
            #expect(findings.contains { $0.contains("event 9 of dossier") } == hasStranger, "\(findings)")
            let outcome = try await Sample.submit(again, key: "k1")
            if case .already = outcome {} else { Issue.record("the key made another dossier") }
        }
    }

    @Test func aFolderOfANewerProgramIsRefused() async throws {
        try await withStore { _, folder in
            let connection = try SQLConnection(path: folder.database, isReader: false)
            try connection.execute("INSERT INTO schema_step (step) VALUES (1000)")
            #expect(throws: SQLError.self) { try Store(folder) }
        }
    }
}

extension SQLConnection {
    /// Events, their places in the chain and the keys of submissions as the sixth step left them.
    func takeApartEvents() throws {
        for statement in [
            "ALTER TABLE dossier_event RENAME TO together",
            """
            CREATE TABLE dossier_event (
                dossier TEXT NOT NULL, number INTEGER NOT NULL, agency TEXT NOT NULL, at INTEGER NOT NULL,
                actor TEXT NOT NULL, kind TEXT NOT NULL, event TEXT NOT NULL, PRIMARY KEY (dossier, number))
            """,
            "INSERT INTO dossier_event SELECT dossier, number, agency, at, actor, kind, event FROM together",
            """
            CREATE TABLE event_chain (
                position INTEGER NOT NULL PRIMARY KEY, dossier TEXT NOT NULL, number INTEGER NOT NULL,
                link BLOB NOT NULL, UNIQUE (dossier, number))
            """,
            "INSERT INTO event_chain SELECT position, dossier, number, link FROM together",
            """
            CREATE TABLE submission_key (
                scope TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, dossier TEXT NOT NULL, at INTEGER NOT NULL,
                PRIMARY KEY (scope, key))
            """,
            "INSERT INTO submission_key SELECT scope, key, digest, dossier, at FROM together WHERE key IS NOT NULL",
            "CREATE INDEX submission_key_by_dossier ON submission_key (dossier)",
            "DROP TABLE together",
            "DROP INDEX dossier_by_queue",
            "CREATE INDEX dossier_by_queue ON dossier (agency, state, deadline)",
            "CREATE INDEX dossier_by_time ON dossier (agency, submitted_at)",
            "DELETE FROM schema_step WHERE step > 6",
        ] { try execute(statement) }
    }
}
