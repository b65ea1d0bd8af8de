import CSQLite

extension SQLConnection {
    /// Whether a transaction is open. SQLite ends one by itself after some disk errors.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Runs `body` in a transaction of its own: all of it or nothing.
    public func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            abandon()
            throw error
        }
    }

    /// Runs `body` in a savepoint: its failure undoes only what it did itself.
    public func savepoint<Result>(_ body: () throws -> Result) throws -> Result {
        try execute("SAVEPOINT job")
        do {
            let result = try body()
            try execute("RELEASE job")
            return result
        } catch {
            // After a disk error the whole transaction may be gone already; the writer looks at that.
            if isInTransaction {
                try execute("ROLLBACK TO job")
                try execute("RELEASE job")
            }
            throw error
        }
    }

    /// Reads `body` from one unchanging state of the file.
    public func snapshot<Result>(_ body: () throws -> Result) throws -> Result {
        try execute("BEGIN")
        defer { abandon() }
        return try body()
    }

    /// Ends an open transaction without keeping anything.
    func abandon() {
        if isInTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }
}
