import HTTPWire
import Platform
import Testing

@testable import Web

@Suite struct SessionTests {
    private let store = MemorySessions()
    private let clock = TestClock()
    private let sessions: Sessions

    init() {
        sessions = Sessions(store: store, lifetime: .staff) { [clock] in Int64(clock.now) }
    }

    private func site(isSecure: Bool = true) -> TestClient {
        let sessions = sessions
        return TestClient(
            router(middleware: [sessions]) { routes in
                routes.get("/form") { .text("name=\"csrf\" value=\"\($0.csrfToken())\"") }
                routes.get("/who") { .text($0.session?.subject ?? "nobody") }
                routes.get("/desk", access: .officer(roles: ["desk"])) { _ in .text("desk") }
                routes.post("/sign-in") { exchange, form in
                    let role = form["role"] ?? "citizen"
                    try await sessions.start(subject: form["name"] ?? "?", roles: [role], on: exchange)
                    return .seeOther("/who")
                }
                routes.post("/sign-out", access: .session) { exchange, _ in
                    try await sessions.end(on: exchange)
                    return .seeOther("/")
                }
                routes.post("/password", access: .session) { exchange, _ in
                    try await sessions.endOthers(on: exchange)
                    return .seeOther("/")
                }
                routes.program(.get, "/call", bodyLimit: 0) { .text($0.session?.subject ?? "nobody") }
            }, isSecure: isSecure)
    }

    private func signIn(_ site: TestClient, _ name: String, role: String = "desk") async throws {
        let token = try #require(await site.get("/form").csrfToken)
        let reply = await site.post("/sign-in", [("csrf", token), ("name", name), ("role", role)])
        try #require(reply.status == 303)
    }

    private func post(_ site: TestClient, _ path: String) async throws -> Int {
        let token = try #require(await site.get("/form").csrfToken)
        return await site.post(path, [("csrf", token)]).status
    }

    @Test func aPersonStaysSignedIn() async throws {
        let site = site()
        try await signIn(site, "lan")
        #expect(await site.get("/who").text == "lan")
        #expect(await site.get("/desk").text == "desk")
        #expect(await self.site().get("/who").text == "nobody")
    }

    @Test func theCookieIsGuarded() async throws {
        let site = site()
        let token = try #require(await site.get("/form").csrfToken)
        let reply = await site.post("/sign-in", [("csrf", token), ("name", "lan")])
        let line = try #require(reply.fields.values(of: .setCookie).first)
        #expect(line.hasPrefix("__Host-session="))
        for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] { #expect(line.contains(attribute)) }
        #expect(!line.contains("Domain"))
        let value = try #require(site.cookie("__Host-session"))
        #expect(Base64URL.decode(value)?.count == 32)
    }

    @Test func theStoreHoldsOnlyTheDigest() async throws {
        let site = site()
        try await signIn(site, "lan")
        let token = try #require(site.cookie("__Host-session").flatMap(Base64URL.decode))
        #expect(try await store.load(digest: token) == nil)
        #expect(try await store.load(digest: SHA256.hash(token))?.subject == "lan")
    }

    @Test func signingInAgainKillsTheOldToken() async throws {
        let site = site()
        try await signIn(site, "lan")
        let old = site.cookie("__Host-session")
        try await signIn(site, "minh")
        #expect(site.cookie("__Host-session") != old)
        #expect(await site.get("/who").text == "minh")
        site.setCookie("__Host-session", old)
        #expect(await site.get("/who").text == "nobody")
    }

    @Test func signingOutKillsTheTokenOnTheServer() async throws {
        let site = site()
        try await signIn(site, "lan")
        let token = site.cookie("__Host-session")
        #expect(try await post(site, "/sign-out") == 303)
        #expect(site.cookie("__Host-session") == nil)
        site.setCookie("__Host-session", token)
        #expect(await site.get("/who").text == "nobody")
        #expect(await site.get("/desk").status == 401)
    }

    @Test func formTokensOfTheTimeBeforeSigningInEnd() async throws {
        let site = site()
        let before = try #require(await site.get("/form").csrfToken)
        try await signIn(site, "lan")
        #expect(await site.post("/sign-out", [("csrf", before)]).status == 403)
    }

    @Test func idleSessionsEnd() async throws {
        let site = site()
        try await signIn(site, "lan")
        clock.advance(by: 30 * 60 - 1)
        #expect(await site.get("/who").text == "lan")
        clock.advance(by: 30 * 60 - 1)
        #expect(await site.get("/who").text == "lan")
        clock.advance(by: 30 * 60)
        #expect(await site.get("/who").text == "nobody")
        #expect(site.cookie("__Host-session") == nil)
    }

    @Test func busySessionsEndToo() async throws {
        let site = site()
        try await signIn(site, "lan")
        for _ in 0..<39 {
            clock.advance(by: 15 * 60)
            try #require(await site.get("/who").text == "lan")
        }
        clock.advance(by: 15 * 60)
        #expect(await site.get("/who").text == "nobody")
    }

    /// A store on a full disk: reads, but writes nothing.
    private struct ReadOnlySessions: SessionKeeping {
        struct Full: Error {}
        let kept: MemorySessions
        func load(digest: [UInt8]) async throws -> Session? { try await kept.load(digest: digest) }
        func add(_ session: Session) async throws { throw Full() }
        func touch(digest: [UInt8], seenAt: Int64) async throws { throw Full() }
        func remove(digest: [UInt8]) async throws { throw Full() }
        func removeAll(of subject: String, except digest: [UInt8]?) async throws { throw Full() }
    }

    @Test func readingGoesOnWhenTheStoreCannotWrite() async throws {
        let before = site()
        try await signIn(before, "lan")
        let cookie = try #require(before.cookie("__Host-session"))
        let full = Sessions(store: ReadOnlySessions(kept: store), lifetime: .staff) { [clock] in Int64(clock.now) }
        let site = TestClient(
            router(middleware: [full]) { routes in
                routes.get("/who") { .text($0.session?.subject ?? "nobody") }
                routes.get("/out") { exchange in
                    try await full.end(on: exchange)
                    return .text("out")
                }
            })
        site.setCookie("__Host-session", cookie)
        clock.advance(by: 20 * 60)
        #expect(await site.get("/who").text == "lan")
        #expect(await site.get("/out").status == 500, "signing out is never only pretended")
        clock.advance(by: 20 * 60)
        #expect(await site.get("/who").text == "nobody", "over all the same")
    }

    @Test func aSessionEndedMeanwhileDoesNotComeBack() async throws {
        let site = site()
        try await signIn(site, "lan")
        let digest = SHA256.hash(try #require(site.cookie("__Host-session").flatMap(Base64URL.decode)))
        try await store.remove(digest: digest)
        try await store.touch(digest: digest, seenAt: Int64(clock.now))
        #expect(try await store.load(digest: digest) == nil)
    }

    @Test func otherSessionsCanBeEnded() async throws {
        let (here, there, else_) = (site(), site(), site())
        try await signIn(here, "lan")
        try await signIn(there, "lan")
        try await signIn(else_, "minh")
        #expect(try await post(here, "/password") == 303)
        #expect(await here.get("/who").text == "lan")
        #expect(await there.get("/who").text == "nobody")
        try await sessions.endAll(of: "minh")
        #expect(await else_.get("/who").text == "nobody")
    }

    @Test func programsCarryNoSession() async throws {
        let site = site()
        try await signIn(site, "lan")
        #expect(await site.get("/call").text == "nobody")
    }

    @Test func oddCookiesAreNobody() async {
        for value in ["", "x", String(repeating: "A", count: 43), String(repeating: "A", count: 5000)] {
            let site = site()
            site.setCookie("__Host-session", value)
            #expect(await site.get("/who").text == "nobody")
        }
    }

    @Test func aPlantedSecondCookieIsNotBelieved() async throws {
        let site = site()
        try await signIn(site, "lan")
        let token = try #require(site.cookie("__Host-session"))
        site.setCookie("__Host-session", token + "; __Host-session=" + String(repeating: "B", count: 43))
        #expect(await site.get("/who").text == "nobody")
    }

    @Test func cookiesOnPlainLinesHaveNoPrefix() async throws {
        let site = site(isSecure: false)
        try await signIn(site, "lan")
        #expect(site.cookie("session") != nil)
        #expect(await site.get("/who").text == "lan")
    }
}
