/// Someone who is signed in, as the store remembers it. The browser holds a random token; the store only its digest.
public struct Session: Sendable, Hashable {
    /// SHA-256 of the token: the store's key.
    public let digest: [UInt8]
    /// Who it is, in the portal's words.
    public let subject: String
    /// What the subject may do, in the portal's words.
    public let roles: Set<String>
    /// The key of this session's CSRF tokens, 32 bytes.
    public let csrfSecret: [UInt8]
    /// Seconds since 1970.
    public let startedAt: Int64
    /// Seconds since 1970; kept to the minute, so that reading pages does not write the store each time.
    public var seenAt: Int64
    /// Small things the portal keeps with it.
    public let values: [String: String]

    /// Puts a session together, for stores.
    public init(
        digest: [UInt8], subject: String, roles: Set<String>, csrfSecret: [UInt8], startedAt: Int64, seenAt: Int64,
        values: [String: String] = [:]
    ) {
        self.digest = digest
        self.subject = subject
        self.roles = roles
        self.csrfSecret = csrfSecret
        self.startedAt = startedAt
        self.seenAt = seenAt
        self.values = values
    }
}

/// Where sessions are remembered.
public protocol SessionKeeping: Sendable {
    /// The session with this token digest.
    func load(digest: [UInt8]) async throws -> Session?
    /// Adds a new session.
    func add(_ session: Session) async throws
    /// Remembers when a session was last seen, if it is still there: one that was ended meanwhile must not come back.
    func touch(digest: [UInt8], seenAt: Int64) async throws
    /// Forgets one; nothing happens when there is none.
    func remove(digest: [UInt8]) async throws
    /// Forgets all of a subject's, but `except`.
    func removeAll(of subject: String, except digest: [UInt8]?) async throws
}
