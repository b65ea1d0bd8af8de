import CSQLite
import Glibc

/// What the database said no to.
public struct SQLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// SQLite's extended result code.
    public let code: Int32
    /// SQLite's words, for the log.
    public let message: String

    /// For the log.
    public var description: String { "SQLite \(code): \(message)" }
    /// A uniqueness or other constraint, which the caller may expect.
    public var isConstraint: Bool { code & 0xFF == SQLITE_CONSTRAINT }
    /// The disk is full or broken: nothing of the transaction is kept.
    public var isStorage: Bool {
        [SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_NOMEM].contains(code & 0xFF)
    }
}

/// A value bound to or read from a statement.
public enum SQLValue: Sendable, Hashable {
    case integer(Int64)
    case text(String)
    case blob([UInt8])
    case null
}

/// One connection to a SQLite file; used by one queue only.
final class SQLConnection {
    private var handle: OpaquePointer?
    private var cache: [String: OpaquePointer] = [:]
    /// Pages in the log after the newest commit of this connection, once `leaveLog` was called.
    private(set) var logPages = 0

    /// Opens for writing (WAL, synchronous=FULL) or for reading. Throws unless the pragmas read back as set.
    /// `diskLayer` names a SQLite VFS; nil is the system's.
    init(path: String, isReader: Bool, diskLayer: String? = nil) throws(SQLError) {
        // Made by us first, because SQLite would let others read it; its side files take the mode over. A file that exists
        // is not opened here: closing it again would drop the locks of this program's other connections.
        if !isReader {
            let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            if descriptor >= 0 { Glibc.close(descriptor) }
        }
        let flags =
            isReader
            ? SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
            : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let status = sqlite3_open_v2(path, &handle, flags, diskLayer)
        guard status == SQLITE_OK else { throw SQLError(code: status, message: "cannot open \(path)") }
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 5000)
        if !isReader {
            try execute("PRAGMA journal_mode=WAL")
            try execute("PRAGMA synchronous=FULL")
            try execute("PRAGMA foreign_keys=ON")
            // What a savepoint would need to go back: in memory, not in a temporary file made and removed for each job.
            try execute("PRAGMA temp_store=MEMORY")
            // Copying the log into the database holds up a commit: rarely, and for many changes of one page at once. The
            // server's writer leaves it to the `LogCopier`.
            try execute("PRAGMA wal_autocheckpoint=4000")
            let synchronous = try query("PRAGMA synchronous") { $0.integer(0) }.first ?? 0
            let mode = try query("PRAGMA journal_mode") { $0.text(0) }.first ?? ""
            // 2 is FULL: anything less acknowledges what a power cut takes back.
            guard synchronous >= 2, mode == "wal" else {
                throw SQLError(
                    code: SQLITE_ERROR, message: "synchronous=\(synchronous) journal_mode=\(mode): not durable")
            }
        } else {
            try execute("PRAGMA query_only=ON")
        }
    }

    deinit { close() }

    func close() {
        for statement in cache.values { sqlite3_finalize(statement) }
        cache = [:]
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// A row being read; valid inside the closure.
    struct Row {
        fileprivate let statement: OpaquePointer

        func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
        func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
        func text(_ column: Int32) -> String {
            guard let bytes = sqlite3_column_text(statement, column) else { return "" }
            let buffer = UnsafeBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, column)))
            return String(decoding: buffer, as: UTF8.self)
        }
        func value(_ column: Int32) -> SQLValue {
            switch sqlite3_column_type(statement, column) {
            case SQLITE_NULL: .null
            case SQLITE_INTEGER: .integer(integer(column))
            case SQLITE_BLOB: .blob(blob(column))
            default: .text(text(column))
            }
        }
        func blob(_ column: Int32) -> [UInt8] {
            guard let bytes = sqlite3_column_blob(statement, column) else { return [] }
            return Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, column))))
        }
    }

    /// Runs statements that return nothing.
    func execute(_ sql: String, _ values: [SQLValue] = []) throws(SQLError) {
        _ = try query(sql, values) { _ in () }
    }

    /// Runs one statement and reads its rows.
    func query<Value>(
        _ sql: String, _ values: [SQLValue] = [], _ read: (Row) throws(SQLError) -> Value
    ) throws(SQLError) -> [Value] {
        let statement = try prepare(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        precondition(Int(sqlite3_bind_parameter_count(statement)) == values.count, "values do not fit: \(sql)")
        for (index, value) in values.enumerated() { bind(statement, Int32(index + 1), value) }
        var rows: [Value] = []
        while true {
            let status = sqlite3_step(statement)
            switch status {
            case SQLITE_ROW: rows.append(try read(Row(statement: statement)))
            case SQLITE_DONE: return rows
            default: throw failure(status)
            }
        }
    }

    /// Reads `body` from one unchanging state of the file.
    func snapshot<Value>(_ body: (SQLConnection) throws -> Value) throws -> Value {
        try execute("BEGIN")
        defer { try? execute("ROLLBACK") }
        return try body(self)
    }

    /// Commits count the log's pages from now on and leave copying them into the database to others.
    func leaveLog() {
        sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<SQLConnection>.fromOpaque(context).takeUnretainedValue().logPages = Int(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Rows changed by the last statement.
    var changedRows: Int { Int(sqlite3_changes(handle)) }

    private func bind(_ statement: OpaquePointer, _ index: Int32, _ value: SQLValue) {
        switch value {
        case .integer(let number): sqlite3_bind_int64(statement, index, number)
        case .text(let text): csqlite_bind_text(statement, index, text, Int32(text.utf8.count))
        case .blob(let bytes): csqlite_bind_blob(statement, index, bytes, Int32(bytes.count))
        case .null: sqlite3_bind_null(statement, index)
        }
    }

    private func prepare(_ sql: String) throws(SQLError) -> OpaquePointer {
        if let statement = cache[sql] { return statement }
        var statement: OpaquePointer?
        let status = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard status == SQLITE_OK, let statement else { throw failure(status) }
        cache[sql] = statement
        return statement
    }

    private func failure(_ status: Int32) -> SQLError {
        SQLError(
            code: sqlite3_extended_errcode(handle), message: "\(status) " + String(cString: sqlite3_errmsg(handle)))
    }

    /// Copies the whole database, page by page while others write, into a new file. `progress` gets pages done and all.
    func copy(to path: String, progress: (Int, Int) -> Void) throws(SQLError) {
        // One snapshot for the whole copy: without it each commit of the server would start the copy anew, and a busy
        // office would never get a backup.
        try execute("BEGIN")
        defer { try? execute("ROLLBACK") }
        _ = try query("SELECT COUNT(*) FROM schema_step") { $0.integer(0) }
        var target: OpaquePointer?
        guard sqlite3_open(path, &target) == SQLITE_OK, let backup = sqlite3_backup_init(target, "main", handle, "main")
        else {
            sqlite3_close_v2(target)
            throw SQLError(code: SQLITE_CANTOPEN, message: "cannot write \(path)")
        }
        var status = SQLITE_OK
        while status == SQLITE_OK || status == SQLITE_BUSY || status == SQLITE_LOCKED {
            status = sqlite3_backup_step(backup, 256)
            let all = Int(sqlite3_backup_pagecount(backup))
            progress(all - Int(sqlite3_backup_remaining(backup)), all)
            if status == SQLITE_BUSY || status == SQLITE_LOCKED { sqlite3_sleep(20) }
        }
        sqlite3_backup_finish(backup)
        sqlite3_close_v2(target)
        guard status == SQLITE_DONE else { throw SQLError(code: status, message: "copying the database failed") }
    }
}
