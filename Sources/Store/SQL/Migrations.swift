/// The schema, step by step; a step that was released is never changed. Portable SQL: text and integer columns, keys made
/// by the program, no triggers, no sequences.
enum Migrations {
    static let steps: [[String]] = [
        [
            """
            CREATE TABLE dossier_event (
                dossier TEXT NOT NULL, number INTEGER NOT NULL, agency TEXT NOT NULL, at INTEGER NOT NULL,
                actor TEXT NOT NULL, kind TEXT NOT NULL, event TEXT NOT NULL, PRIMARY KEY (dossier, number))
            """,
            """
            CREATE TABLE dossier (
                id TEXT NOT NULL PRIMARY KEY, code TEXT NOT NULL UNIQUE, agency TEXT NOT NULL, procedure TEXT NOT NULL,
                version INTEGER NOT NULL, state TEXT NOT NULL, finance TEXT NOT NULL, holder TEXT NOT NULL,
                assignee TEXT, deadline INTEGER, submitted_at INTEGER NOT NULL, finished_at INTEGER,
                was_late INTEGER NOT NULL, applicant_folded TEXT NOT NULL, phone TEXT NOT NULL,
                key_digest TEXT NOT NULL, partner TEXT, snapshot TEXT NOT NULL)
            """,
            "CREATE INDEX dossier_by_queue ON dossier (agency, state, deadline)",
            "CREATE INDEX dossier_by_person ON dossier (agency, applicant_folded)",
            "CREATE INDEX dossier_by_time ON dossier (agency, submitted_at)",
            """
            CREATE TABLE payment_order (
                reference TEXT NOT NULL PRIMARY KEY, dossier TEXT NOT NULL, amount INTEGER NOT NULL,
                created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, outcome TEXT, payment TEXT)
            """,
            "CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL)",
            """
            CREATE TABLE submission_key (
                scope TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, dossier TEXT NOT NULL, at INTEGER NOT NULL,
                PRIMARY KEY (scope, key))
            """,
            "CREATE INDEX submission_key_by_dossier ON submission_key (dossier)",
            """
            CREATE TABLE draft (
                digest TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, draft TEXT NOT NULL,
                updated_at INTEGER NOT NULL)
            """,
            """
            CREATE TABLE officer (
                login TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, roles TEXT NOT NULL, log_n INTEGER NOT NULL,
                r INTEGER NOT NULL, p INTEGER NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL,
                disabled INTEGER NOT NULL)
            """,
            """
            CREATE TABLE session (
                digest BLOB NOT NULL PRIMARY KEY, subject TEXT NOT NULL, csrf BLOB NOT NULL,
                started_at INTEGER NOT NULL, seen_at INTEGER NOT NULL)
            """,
            "CREATE TABLE partner (digest TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL)",
            """
            CREATE TABLE feedback (
                id TEXT NOT NULL PRIMARY KEY, at INTEGER NOT NULL, topic TEXT NOT NULL, text TEXT NOT NULL,
                contact TEXT NOT NULL)
            """,
            "CREATE TABLE health (id INTEGER NOT NULL PRIMARY KEY, at INTEGER NOT NULL)",
        ],
        [
            """
            CREATE TABLE event_chain (
                position INTEGER NOT NULL PRIMARY KEY, dossier TEXT NOT NULL, number INTEGER NOT NULL,
                link BLOB NOT NULL, UNIQUE (dossier, number))
            """,
            "CREATE INDEX payment_order_by_dossier ON payment_order (dossier)",
            "CREATE INDEX payment_order_by_outcome ON payment_order (outcome, created_at)",
            "CREATE INDEX dossier_by_phone ON dossier (agency, phone)",
            "CREATE INDEX dossier_by_finish ON dossier (agency, finished_at)",
            "CREATE INDEX session_by_subject ON session (subject)",
            "CREATE INDEX draft_by_age ON draft (updated_at)",
            """
            CREATE TABLE login_attempt (
                id TEXT NOT NULL PRIMARY KEY, login TEXT NOT NULL, address TEXT NOT NULL, at INTEGER NOT NULL)
            """,
            "CREATE INDEX login_attempt_by_login ON login_attempt (login, at)",
            "CREATE INDEX login_attempt_by_address ON login_attempt (address, at)",
            "CREATE TABLE setting (name TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL)",
        ],
        [
            "ALTER TABLE officer ADD COLUMN code_seed BLOB",
            "ALTER TABLE officer ADD COLUMN code_step INTEGER NOT NULL DEFAULT 0",
            """
            CREATE TABLE upload (
                scope TEXT NOT NULL, digest TEXT NOT NULL, type TEXT NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL,
                PRIMARY KEY (scope, digest))
            """,
        ],
        [
            """
            CREATE TABLE audit (
                position INTEGER NOT NULL PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
                subject TEXT NOT NULL, address TEXT NOT NULL, link BLOB NOT NULL)
            """
        ],
        [
            """
            CREATE TABLE resumable_upload (
                id TEXT NOT NULL PRIMARY KEY, scope TEXT NOT NULL, name TEXT NOT NULL, length INTEGER,
                expected TEXT, durable INTEGER NOT NULL, digest TEXT, type TEXT, expires_at INTEGER NOT NULL)
            """,
            "CREATE INDEX resumable_upload_by_scope ON resumable_upload (scope, expires_at)",
            "CREATE INDEX resumable_upload_by_age ON resumable_upload (expires_at)",
        ],
        // Each index is a page that every submission writes: those that no question uses, and rows that have no result yet.
        [
            "DROP INDEX IF EXISTS dossier_by_person",
            "DROP INDEX IF EXISTS dossier_by_phone",
            "DROP INDEX IF EXISTS dossier_by_finish",
            "CREATE INDEX dossier_by_issue ON dossier (agency, finished_at) WHERE finished_at IS NOT NULL",
        ],
        // One row for an event, its place in the chain and the key it was submitted under, where there were three with
        // six trees: half the pages that a submission writes. An event that had no place gets one after all others, and
        // an empty link: of a folder that never had a chain all do so, of another `verify` finds it.
        [
            "ALTER TABLE dossier_event RENAME TO dossier_event_apart",
            """
            CREATE TABLE dossier_event (
                position INTEGER NOT NULL PRIMARY KEY, dossier TEXT NOT NULL, number INTEGER NOT NULL,
                agency TEXT NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL, event TEXT NOT NULL,
                link BLOB NOT NULL, scope TEXT, key TEXT, digest TEXT, UNIQUE (dossier, number))
            """,
            """
            INSERT INTO dossier_event
            SELECT c.position, e.dossier, e.number, e.agency, e.at, e.actor, e.kind, e.event, c.link, k.scope, k.key, k.digest
            FROM event_chain c JOIN dossier_event_apart e ON e.dossier = c.dossier AND e.number = c.number
            LEFT JOIN submission_key k ON k.dossier = e.dossier AND e.number = 1 ORDER BY c.position
            """,
            """
            INSERT INTO dossier_event
            SELECT (SELECT COALESCE(MAX(position), 0) FROM event_chain)
                + ROW_NUMBER() OVER (ORDER BY e.at, e.dossier, e.number),
                e.dossier, e.number, e.agency, e.at, e.actor, e.kind, e.event, zeroblob(0), k.scope, k.key, k.digest
            FROM dossier_event_apart e LEFT JOIN submission_key k ON k.dossier = e.dossier AND e.number = 1
            WHERE NOT EXISTS (SELECT 1 FROM event_chain c WHERE c.dossier = e.dossier AND c.number = e.number)
            """,
            "DROP TABLE dossier_event_apart",
            "DROP TABLE event_chain",
            "DROP TABLE submission_key",
            "CREATE UNIQUE INDEX dossier_event_by_key ON dossier_event (scope, key) WHERE key IS NOT NULL",
            "DROP INDEX dossier_by_queue",
            "DROP INDEX dossier_by_time",
            "CREATE INDEX dossier_by_queue ON dossier (agency, state, deadline, submitted_at)",
        ],
    ]

    /// Brings a database to the newest step, all steps or none; refuses one that a newer program wrote.
    static func run(_ connection: SQLConnection) throws(SQLError) {
        // Flushes once for all steps, and not at all when there is nothing to do.
        try connection.execute("BEGIN IMMEDIATE")
        do throws(SQLError) {
            try connection.execute("CREATE TABLE IF NOT EXISTS schema_step (step INTEGER NOT NULL PRIMARY KEY)")
            let done =
                try connection.query("SELECT COALESCE(MAX(step), 0) FROM schema_step") { Int($0.integer(0)) }.first ?? 0
            guard done <= steps.count else {
                throw SQLError(code: 1, message: "the data folder was written by a newer program (step \(done))")
            }
            for (index, statements) in steps.enumerated().dropFirst(done) {
                for statement in statements { try connection.execute(statement) }
                try connection.execute("INSERT INTO schema_step (step) VALUES (?)", [.integer(Int64(index + 1))])
            }
            try connection.execute("COMMIT")
        } catch {
            try? connection.execute("ROLLBACK")
            throw error
        }
    }
}
