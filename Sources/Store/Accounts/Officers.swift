import FoundationEssentials
import Platform
import PublicService

/// An officer's account.
public struct Officer: Sendable, Hashable {
    /// Login name.
    public let id: OfficerID
    /// As shown.
    public let name: String
    /// What they may do.
    public let roles: Set<Role>
    /// Whether they may sign in.
    public let isDisabled: Bool
    /// The password's parameters, salt and hash.
    public let password: PasswordHash
    /// The seed of the one-time codes, sealed (`SealedSecret`); nil when the account has no second factor.
    public let sealedSeed: [UInt8]?

    /// Puts an account together.
    public init(
        id: OfficerID, name: String, roles: Set<Role>, isDisabled: Bool = false, password: PasswordHash,
        sealedSeed: [UInt8]? = nil
    ) {
        self.id = id
        self.name = name
        self.roles = roles
        self.isDisabled = isDisabled
        self.password = password
        self.sealedSeed = sealedSeed
    }
}

extension Officer {
    static let columns = "login, name, roles, log_n, r, p, salt, hash, disabled, code_seed"

    init?(_ row: SQLConnection.Row) {
        guard let id = OfficerID(rawValue: row.text(0)) else { return nil }
        self.init(
            id: id, name: row.text(1),
            roles: Set(row.text(2).split(separator: " ").compactMap { Role(rawValue: String($0)) }),
            isDisabled: row.integer(8) != 0,
            password: PasswordHash(
                parameters: Scrypt(logN: Int(row.integer(3)), r: Int(row.integer(4)), p: Int(row.integer(5))),
                salt: row.blob(6), hash: row.blob(7)), sealedSeed: row.isNull(9) ? nil : row.blob(9))
    }
}

/// scrypt with its parameters beside, so that they can rise.
public struct PasswordHash: Sendable, Hashable {
    /// N, r, p.
    public let parameters: Scrypt
    /// 16 random bytes.
    public let salt: [UInt8]
    /// 32 bytes.
    public let hash: [UInt8]

    /// From the store.
    public init(parameters: Scrypt, salt: [UInt8], hash: [UInt8]) {
        self.parameters = parameters
        self.salt = salt
        self.hash = hash
    }

    /// Of a new password. Takes about half a second and 128 MiB: call it on the password queue. nil without memory.
    public init?(password: String, parameters: Scrypt = .password) {
        let salt = SecureRandom.bytes(16)
        guard let hash = parameters.derive(password: PasswordHash.bytes(password), salt: salt) else { return nil }
        self.init(parameters: parameters, salt: salt, hash: hash)
    }

    /// Whether `password` is the one. Blocks as `init(password:)` does.
    public func matches(_ password: String) -> Bool {
        guard let derived = parameters.derive(password: PasswordHash.bytes(password), salt: salt) else { return false }
        return MessageAuthentication.equal(derived, hash)
    }

    /// NFC, so that every keyboard gives the same bytes.
    private static func bytes(_ password: String) -> [UInt8] {
        Array(password.composed.utf8)
    }
}

extension Store {
    /// Adds or replaces an account.
    public func save(_ officer: Officer) async throws {
        try await database.write { connection in
            try connection.execute("DELETE FROM officer WHERE login = ?", [.text(officer.id.rawValue)])
            try connection.execute(
                "INSERT INTO officer (\(Officer.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    .text(officer.id.rawValue), .text(officer.name),
                    .text(officer.roles.map(\.rawValue).sorted().joined(separator: " ")),
                    .integer(Int64(officer.password.parameters.logN)), .integer(Int64(officer.password.parameters.r)),
                    .integer(Int64(officer.password.parameters.p)), .blob(officer.password.salt),
                    .blob(officer.password.hash), .integer(officer.isDisabled ? 1 : 0),
                    officer.sealedSeed.map { .blob($0) } ?? .null,
                ])
        }
    }

    /// Replaces an officer's password; used-up one-time codes and sessions stay as they are.
    public func setPassword(_ password: PasswordHash, of id: OfficerID) async throws {
        try await database.write { connection in
            try connection.execute(
                "UPDATE officer SET log_n = ?, r = ?, p = ?, salt = ?, hash = ? WHERE login = ?",
                [
                    .integer(Int64(password.parameters.logN)), .integer(Int64(password.parameters.r)),
                    .integer(Int64(password.parameters.p)), .blob(password.salt), .blob(password.hash),
                    .text(id.rawValue),
                ])
        }
    }

    /// Uses up a step of an officer's one-time codes; false when it, or a later one, was used before.
    public func useCodeStep(_ step: Int64, of id: OfficerID) async throws -> Bool {
        try await database.write { connection in
            try connection.execute(
                "UPDATE officer SET code_step = ? WHERE login = ? AND code_step < ?",
                [.integer(step), .text(id.rawValue), .integer(step)])
            return connection.changedRows == 1
        }
    }

    /// Seals a seed with the folder's own secret. Blocks at first use.
    public func seal(seed: [UInt8]) throws -> [UInt8] {
        SealedSecret.seal(seed, key: try folder.secret("codes.key"))
    }

    /// The seed of an officer's codes; nil without one, or when it cannot be opened with this folder's secret.
    public func codeSeed(of officer: Officer) throws -> [UInt8]? {
        let key = try folder.secret("codes.key")
        return officer.sealedSeed.flatMap { SealedSecret.open($0, key: key) }
    }

    /// Every account by login.
    public func officers() async throws -> [Officer] {
        try await database.read { connection in
            try connection.query("SELECT \(Officer.columns) FROM officer ORDER BY login") { Officer($0) }
                .compactMap { $0 }
        }
    }

    /// One account.
    public func officer(_ id: OfficerID) async throws -> Officer? {
        try await database.read { connection in
            try connection.query("SELECT \(Officer.columns) FROM officer WHERE login = ?", [.text(id.rawValue)]) {
                Officer($0)
            }.first ?? nil
        }
    }

    /// Shuts an account and ends every session of `subjects`, the names under which its sessions run, in one act: no
    /// request after it is the officer's any more. Throws `notFound`.
    public func disable(_ id: OfficerID, endingSessionsOf subjects: [String]) async throws {
        try await database.write { connection in
            try connection.execute("UPDATE officer SET disabled = 1 WHERE login = ?", [.text(id.rawValue)])
            guard connection.changedRows == 1 else { throw StoreError.notFound }
            for subject in subjects {
                try connection.execute("DELETE FROM session WHERE subject = ?", [.text(subject)])
            }
        }
    }

    /// Remembers a partner's key by its digest.
    public func addPartner(name: String, key: String) async throws {
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO partner (digest, name) VALUES (?, ?) ON CONFLICT (digest) DO UPDATE SET name = excluded.name",
                [.text(SHA256.hash(key.utf8).hex), .text(name)])
        }
        partners.withLock { $0 = [:] }
    }

    /// Whose key it is. Keys are given to few and never taken back while the program runs, so that those which were used
    /// are known without asking the database again.
    public func partner(key: String) async throws -> String? {
        let digest = SHA256.hash(key.utf8).hex
        if let name = partners.withLock({ $0[digest] }) { return name }
        let found = try await database.read { connection in
            try connection.query("SELECT name FROM partner WHERE digest = ?", [.text(digest)]) { $0.text(0) }.first
        }
        if let found { partners.withLock { $0[digest] = found } }
        return found
    }

    /// Keeps what a citizen wrote; returns the row's name.
    public func addFeedback(topic: String, text: String, contact: String, at: Instant) async throws {
        let id = Store.newID(at: at).rawValue
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO feedback (id, at, topic, text, contact) VALUES (?, ?, ?, ?, ?)",
                [.text(id), .integer(at.milliseconds), .text(topic), .text(text), .text(contact)])
        }
    }
}
