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
                DELETE FROM event_chain WHERE position = (SELECT MAX(position) FROM event_chain);
                DELETE FROM dossier WHERE code = (SELECT MAX(code) FROM dossier)
                """, finding: "3 were given, 2 are there"),
        Meddling(
            name: "an event taken away",
            statement:
                "DELETE FROM dossier_event WHERE dossier = (SELECT dossier FROM event_chain WHERE position = 2)",
            finding: "is gone"),
        Meddling(
            name: "a place in the chain taken away", statement: "DELETE FROM event_chain WHERE position = 2",
            finding: "was not written by this program"),
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
            name: "a link of the chain", statement: "UPDATE event_chain SET link = zeroblob(32) WHERE position = 2",
            finding: "is not what was written"),
        Meddling(
            name: "a key that was submitted under", statement: "DELETE FROM submission_key WHERE key = 'k1'",
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

    @Test func aFolderOfANewerProgramIsRefused() async throws {
        try await withStore { _, folder in
            let connection = try SQLConnection(path: folder.database, isReader: false)
            try connection.execute("INSERT INTO schema_step (step) VALUES (1000)")
            #expect(throws: SQLError.self) { try Store(folder) }
        }
    }
}
