import HTTPWire
import Platform

/// How long sessions last, in seconds.
public struct SessionLifetime: Sendable, Hashable {
    /// Without any request.
    public let idleSeconds: Int64
    /// From sign-in.
    public let absoluteSeconds: Int64

    /// Sets both.
    public init(idleSeconds: Int64, absoluteSeconds: Int64) {
        self.idleSeconds = idleSeconds
        self.absoluteSeconds = absoluteSeconds
    }

    /// Staff: 30 minutes idle, 10 hours in all.
    public static let staff = SessionLifetime(idleSeconds: 30 * 60, absoluteSeconds: 10 * 3600)
    /// Citizens: 60 minutes idle, 12 hours in all.
    public static let citizen = SessionLifetime(idleSeconds: 60 * 60, absoluteSeconds: 12 * 3600)
}

/// Signing in and out, and finding out at each request who asks. The browser's token is 32 random bytes; only its digest
/// is kept, so that a stolen store signs nobody in.
public struct Sessions: WaitingMiddleware {
    private static let cookieName = "session"
    private let store: any SessionKeeping
    private let lifetime: SessionLifetime
    private let now: @Sendable () -> Int64

    /// `now` gives seconds since 1970.
    public init(store: any SessionKeeping, lifetime: SessionLifetime, now: @escaping @Sendable () -> Int64) {
        self.store = store
        self.lifetime = lifetime
        self.now = now
    }

    /// Loads the session behind the cookie, if it is still good. Programs have none. A store that cannot write (a full
    /// disk) does not keep people from reading: that they were seen is then not remembered, and a session that is over
    /// stays over by its times.
    public func enterWaiting(_ exchange: inout Exchange) async throws -> Response? {
        guard exchange.route?.isForPrograms != true, let digest = digest(exchange) else { return nil }
        guard var session = try await store.load(digest: digest) else { return nil }
        let time = now()
        guard time < session.startedAt + lifetime.absoluteSeconds, time < session.seenAt + lifetime.idleSeconds else {
            try? await store.remove(digest: digest)
            exchange.setCookie(.removal(of: Sessions.cookieName))
            return nil
        }
        if time >= session.seenAt + 60 {
            session.seenAt = time
            try? await store.touch(digest: digest, seenAt: time)
        }
        exchange.session = session
        return nil
    }

    /// Signs `subject` in: a new token always, the old session dead at once (OWASP ASVS 5.0 §7.2.4).
    /// The form tokens of earlier pages end with it.
    @discardableResult
    public func start(
        subject: String, roles: Set<String>, values: [String: String] = [:], on exchange: Exchange
    ) async throws -> Session {
        if let old = digest(exchange) { try await store.remove(digest: old) }
        let token = SecureRandom.bytes(32)
        let time = now()
        let session = Session(
            digest: SHA256.hash(token), subject: subject, roles: roles, csrfSecret: SecureRandom.bytes(32),
            startedAt: time, seenAt: time, values: values)
        try await store.add(session)
        exchange.setCookie(Cookie(Sessions.cookieName, token.base64URL))
        return session
    }

    /// Signs out: the token is worth nothing from now on, wherever it was copied to.
    public func end(on exchange: Exchange) async throws {
        if let digest = digest(exchange) { try await store.remove(digest: digest) }
        exchange.setCookie(.removal(of: Sessions.cookieName))
    }

    /// Ends every other session of the one who asks: after a change of password.
    public func endOthers(on exchange: Exchange) async throws {
        guard let session = exchange.session else { return }
        try await store.removeAll(of: session.subject, except: session.digest)
    }

    /// Ends every session of `subject`: an account was disabled.
    public func endAll(of subject: String) async throws {
        try await store.removeAll(of: subject, except: nil)
    }

    private func digest(_ exchange: Exchange) -> [UInt8]? {
        let name = Cookie.wireName(Sessions.cookieName, isSecure: exchange.peer.isSecure)
        guard let token = exchange.cookie(name).flatMap(Base64URL.decode), token.count == 32 else { return nil }
        return SHA256.hash(token)
    }
}
