import PublicService

/// How long a failed sign-in counts: 15 minutes.
enum SignInWindow {
    static let milliseconds: Int64 = 15 * 60 * 1000
}

/// Failed sign-ins of the last 15 minutes.
public struct SignInFailures: Sendable, Hashable {
    /// For this login, from anywhere.
    public let ofLogin: Int
    /// From this address, for any login.
    public let fromAddress: Int
    /// The newest for this login.
    public let lastAt: Instant?

    /// Failures for a login before its answers are delayed.
    public static let loginLimit = 5
    /// Failures from an address before it is refused (429).
    public static let addressLimit = 30

    /// When this login may be tried again: at once below the limit, then after 2, 4, 8 … seconds, at most a minute, so
    /// that a stranger slows an officer down but never locks them out.
    public var nextTryAt: Instant? {
        guard ofLogin >= SignInFailures.loginLimit, let lastAt else { return nil }
        return lastAt.adding(seconds: min(60, 2 << min(5, Int64(ofLogin - SignInFailures.loginLimit))))
    }

    /// Whether the address has used up its tries.
    public var isAddressRefused: Bool { fromAddress >= SignInFailures.addressLimit }
}

extension Store {
    /// Remembers a sign-in that failed. `login` is what was typed, whether such an account exists or not.
    public func addSignInFailure(login: String, address: String, at: Instant) async throws {
        let id = Store.newID(at: at).rawValue
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO login_attempt (id, login, address, at) VALUES (?, ?, ?, ?)",
                [.text(id), .text(String(login.prefix(100))), .text(address), .integer(at.milliseconds)])
        }
    }

    /// What failed in the last 15 minutes.
    public func signInFailures(login: String, address: String, at: Instant) async throws -> SignInFailures {
        let since = SQLValue.integer(at.milliseconds - SignInWindow.milliseconds)
        return try await database.read { connection in
            let ofLogin = try connection.query(
                "SELECT COUNT(*), MAX(at) FROM login_attempt WHERE login = ? AND at > ?",
                [.text(String(login.prefix(100))), since]
            ) { (Int($0.integer(0)), $0.isNull(1) ? nil : Instant(milliseconds: $0.integer(1))) }
            let fromAddress = try connection.query(
                "SELECT COUNT(*) FROM login_attempt WHERE address = ? AND at > ?", [.text(address), since]
            ) { Int($0.integer(0)) }
            return SignInFailures(
                ofLogin: ofLogin.first?.0 ?? 0, fromAddress: fromAddress.first ?? 0, lastAt: ofLogin.first?.1)
        }
    }

    /// Forgets the failures of a login: it was signed in to.
    public func forgetSignInFailures(login: String) async throws {
        try await database.write {
            try $0.execute("DELETE FROM login_attempt WHERE login = ?", [.text(String(login.prefix(100)))])
        }
    }
}
