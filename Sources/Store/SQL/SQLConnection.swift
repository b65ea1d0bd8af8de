import CSQLite
import Glibc

/// One connection to a SQLite file: prepare, bind, step. Statements are prepared once and kept.
///
/// The file is opened in WAL mode with `synchronous=FULL`, so that a COMMIT that has returned is on the disk; the pragma
/// is read back, because a connection that only believes itself durable loses dossiers.
///
/// `@unchecked Sendable`: a connection is used by one thread at a time, either by the writer's serial queue or by the job
/// that took it out of the readers' pool, which a Mutex guards.
public final class SQLConnection: @unchecked Sendable {
    /// What a connection is for.
    public enum Purpose: Sendable {
        /// Reads and writes.
        case writing
        /// Reads only; a statement that would write fails.
        case reading
    }

    /// Most statements kept prepared; the texts are the program's own, so more would be a mistake.
    static let statementLimit = 512

    let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// Opens the file, and makes it when a writer finds none. `diskLayer` names a SQLite VFS; nil is the system's.
    /// Throws `cannotOpen`, `corrupt`, `notDurable`.
    public init(path: String, purpose: Purpose, diskLayer: String? = nil) throws(StoreError) {
        if purpose == .writing {
            // Made by us first, because SQLite would let the group read it; its side files inherit the mode. A file that
            // exists is not opened here: closing it again would drop the locks of this process's other connections.
            let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 || errno == EEXIST else {
                throw .cannotOpen("\(path): \(String(cString: strerror(errno)))")
            }
            if descriptor >= 0 { close(descriptor) }
        }
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, diskLayer)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "no memory"
            sqlite3_close_v2(opened)
            throw StoreError(code: code, message: "\(path): \(message)")
        }
        handle = opened
        try configure(purpose)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    private func configure(_ purpose: Purpose) throws(StoreError) {
        sqlite3_busy_timeout(handle, 5_000)
        let mode = try pragma("PRAGMA journal_mode=WAL")
        guard mode == "wal" else { throw .notDurable(found: "journal_mode=\(mode)") }
        for text in ["synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "trusted_schema=OFF"] {
            try execute("PRAGMA " + text)
        }
        try checkDurability()
        if purpose == .reading { try execute("PRAGMA query_only=ON") }
    }

    /// Throws `notDurable` unless a COMMIT waits for the disk.
    func checkDurability() throws(StoreError) {
        let level = try pragma("PRAGMA synchronous")
        guard let number = Int(level), number >= 2 else { throw .notDurable(found: "synchronous=\(level)") }
    }

    /// The first column of a pragma's first row, as text.
    func pragma(_ text: String) throws(StoreError) -> String {
        try row(text) { row throws(StoreError) in
            guard let start = sqlite3_column_text(row.statement, 0) else { throw .corrupt(text) }
            return String(cString: start)
        } ?? ""
    }

    /// Runs statements without parameters or answers, one after another.
    public func execute(_ text: String) throws(StoreError) {
        let code = sqlite3_exec(handle, text, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, text) }
    }

    /// Runs one statement and returns how many rows it changed.
    @discardableResult
    public func run(_ text: String, _ values: [SQLValue] = []) throws(StoreError) -> Int {
        try each(text, values) { _ throws(StoreError) in false }
        return Int(sqlite3_changes(handle))
    }

    /// What `read` makes of the first row, if there is one.
    public func row<Value>(
        _ text: String, _ values: [SQLValue] = [], _ read: (borrowing SQLRow) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        var found: Value?
        try each(text, values) { row throws(StoreError) in
            found = try read(row)
            return false
        }
        return found
    }

    /// What `read` makes of every row, in order.
    public func rows<Value>(
        _ text: String, _ values: [SQLValue] = [], _ read: (borrowing SQLRow) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        var found: [Value] = []
        try each(text, values) { row throws(StoreError) in
            found.append(try read(row))
            return true
        }
        return found
    }

    /// Shows rows to `body` until it says false.
    public func each(
        _ text: String, _ values: [SQLValue] = [], _ body: (borrowing SQLRow) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let statement = try prepare(text)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        try bind(values, to: statement, text)
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code, text) }
            guard try body(SQLRow(statement: statement)) else { return }
        }
    }

    private func prepare(_ text: String) throws(StoreError) -> OpaquePointer {
        if let known = statements[text] { return known }
        var made: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil)
        guard code == SQLITE_OK, let made else { throw failure(code, text) }
        if statements.count >= SQLConnection.statementLimit {
            for statement in statements.values { sqlite3_finalize(statement) }
            statements.removeAll()
        }
        statements[text] = made
        return made
    }

    private func bind(_ values: [SQLValue], to statement: OpaquePointer, _ text: String) throws(StoreError) {
        guard Int(sqlite3_bind_parameter_count(statement)) == values.count else {
            throw .statement(code: SQLITE_RANGE, message: "\(values.count) values for: \(text)")
        }
        for (offset, value) in values.enumerated() {
            let index = Int32(offset + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(statement, index)
                case .integer(let number): sqlite3_bind_int64(statement, index, number)
                case .text(let text): csqlite_bind_text(statement, index, text, Int32(text.utf8.count))
                case .blob(let bytes) where bytes.isEmpty: sqlite3_bind_zeroblob(statement, index, 0)
                case .blob(let bytes): csqlite_bind_blob(statement, index, bytes, Int32(bytes.count))
                }
            guard code == SQLITE_OK else { throw failure(code, text) }
        }
    }

    func failure(_ code: Int32, _ text: String) -> StoreError {
        StoreError(code: code, message: "\(String(cString: sqlite3_errmsg(handle))): \(text.prefix(120))")
    }
}
