import CSQLite

/// One row of an answer; valid only inside the closure that gets it. Columns count from 0.
public struct SQLRow: ~Copyable {
    let statement: OpaquePointer

    /// Whether the column has no value.
    public func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(statement, column) == SQLITE_NULL
    }

    /// A whole number; throws `corrupt` for anything else.
    public func integer(_ column: Int32) throws(StoreError) -> Int64 {
        try require(column, SQLITE_INTEGER)
        return sqlite3_column_int64(statement, column)
    }

    /// A whole number or none.
    public func optionalInteger(_ column: Int32) throws(StoreError) -> Int64? {
        isNull(column) ? nil : try integer(column)
    }

    /// A text; throws `corrupt` for anything else.
    public func text(_ column: Int32) throws(StoreError) -> String {
        try require(column, SQLITE_TEXT)
        guard let start = sqlite3_column_text(statement, column) else { throw .corrupt("column \(column) has no text") }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// A text or none.
    public func optionalText(_ column: Int32) throws(StoreError) -> String? {
        isNull(column) ? nil : try text(column)
    }

    /// Bytes; throws `corrupt` for anything else.
    public func blob(_ column: Int32) throws(StoreError) -> [UInt8] {
        try require(column, SQLITE_BLOB)
        let count = Int(sqlite3_column_bytes(statement, column))
        guard count > 0, let start = sqlite3_column_blob(statement, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Bytes or none.
    public func optionalBlob(_ column: Int32) throws(StoreError) -> [UInt8]? {
        isNull(column) ? nil : try blob(column)
    }

    private func require(_ column: Int32, _ type: Int32) throws(StoreError) {
        let found = sqlite3_column_type(statement, column)
        guard found == type else { throw .corrupt("column \(column) has type \(found), not \(type)") }
    }
}
