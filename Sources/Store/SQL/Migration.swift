/// One numbered step of the schema. Steps are never changed after a release, only added.
public struct Migration: Sendable {
    /// 1, 2, 3 …
    public let number: Int
    /// What it is for.
    public let name: String
    /// Statements of the portable subset, parted by semicolons.
    public let text: String

    /// Describes a step.
    public init(number: Int, name: String, text: String) {
        self.number = number
        self.name = name
        self.text = text
    }
}

/// Brings a file to the newest schema, each step in a transaction of its own.
public struct Migrations: Sendable {
    /// In order, numbered from 1 without gaps.
    public let steps: [Migration]

    /// Traps unless numbered 1, 2, 3 …
    public init(_ steps: [Migration]) {
        precondition(steps.map(\.number) == Array(1..<(steps.count + 1)), "migrations are numbered without gaps")
        self.steps = steps
    }

    /// Applies what is missing and returns the numbers applied. Throws `newerSchema` when the file knows more steps.
    @discardableResult
    public func apply(to connection: SQLConnection) throws -> [Int] {
        try connection.execute(
            "CREATE TABLE IF NOT EXISTS migration (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)")
        let present = try Migrations.present(in: connection)
        guard present <= steps.count else { throw StoreError.newerSchema(found: present, known: steps.count) }
        let missing = steps.dropFirst(present)
        for step in missing {
            try connection.transaction {
                try connection.execute(step.text)
                try connection.run(
                    "INSERT INTO migration (number, name) VALUES (?, ?)", [.integer(step.number), .text(step.name)])
            }
        }
        return missing.map(\.number)
    }

    /// The newest step in the file.
    static func present(in connection: SQLConnection) throws(StoreError) -> Int {
        let highest = try connection.row("SELECT MAX(number) FROM migration") { row throws(StoreError) in
            try row.optionalInteger(0)
        }
        return Int((highest ?? nil) ?? 0)
    }
}
