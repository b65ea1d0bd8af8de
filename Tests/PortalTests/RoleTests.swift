import Foundation
import HTTPWire
import Platform
import PublicService
import Store
import Testing
import Web

@testable import Portal

/// Who may call what, over the whole route tables.
@Suite struct RoleTests {
    private static func fill(_ pattern: String, code: String) -> String {
        pattern.replacingOccurrences(of: "{code}", with: code).replacingOccurrences(of: "{number}", with: "01")
            .replacingOccurrences(of: "{digest}", with: String(repeating: "a", count: 64))
    }

    /// Each route of the desk that is not open names its roles, and nobody else passes.
    @Test func everyRouteOfTheDeskAdmitsItsRolesAlone() async throws {
        try await Stage.with { stage in
            let code = try await stage.dossier().code
            let clients: [(Role, TestClient)] = [
                (.intake, try await stage.signIn("an")), (.professional, try await stage.signIn("binh")),
                (.leader, try await stage.signIn("chi")), (.clerk, try await stage.signIn("dung")),
            ]
            var count = 0
            for route in stage.portal.deskSite().routes {
                guard case .officer(let roles) = route.access else {
                    let pattern = route.pattern.description
                    let open = [
                        "/", "/can-bo/dang-nhap", "/can-bo/dang-xuat", "/healthz", "/readyz", "/static/{path...}",
                    ]
                    #expect(open.contains(pattern), "\(pattern) names no role")
                    continue
                }
                count += 1
                #expect(!roles.isEmpty)
                for (role, client) in clients where !roles.contains(role.rawValue) {
                    let reply =
                        route.method == .get
                        ? await client.get(RoleTests.fill(route.pattern.description, code: code))
                        : await client.post(RoleTests.fill(route.pattern.description, code: code), [])
                    #expect(reply.status == 403, "\(role) \(route.method) \(route.pattern): \(reply.status)")
                    #expect(!reply.text.contains("Lê Thị Ánh"))
                }
            }
            #expect(count >= 2 * DeskVerb.all.count)
        }
    }

    /// The key of one dossier opens nothing of another: the same answer as for a code that nobody has.
    @Test func oneKeyOpensOneDossier() async throws {
        try await Stage.with { stage in
            let (mine, theirs) = (try await stage.dossier(key: "1"), try await stage.dossier("2.000635", key: "2"))
            let unknown = "H56.31.12-261125-9999"
            for route in stage.portal.publicSite().routes where route.pattern.description.contains("/ho-so/{code}") {
                let pattern = route.pattern.description
                // A visitor of its own each, so that the throttle does not answer for the check.
                func ask(_ code: String) async throws -> TestClient.Reply {
                    let visitor = TestClient(stage.portal.publicSite(), address: "192.0.2.\(Int.random(in: 2...250))")
                    let path = RoleTests.fill(pattern, code: code)
                    if route.method == .get { return await visitor.get(path + "?khoa=\(mine.lookupKey)") }
                    let page = await visitor.get("/tra-cuu")
                    let token = try #require(page.csrfToken)
                    return await visitor.post(path, [("csrf", token), ("khoa", mine.lookupKey)])
                }
                let (foreign, missing) = (try await ask(theirs.code), try await ask(unknown))
                #expect(foreign.status == 404 && missing.status == 404, "\(route.method) \(pattern) \(foreign.status)")
                #expect(foreign.text == missing.text, "\(pattern)")
                #expect(!foreign.text.contains("Lê Thị Ánh"))
            }
            let code = try #require(DossierCode(rawValue: theirs.code))
            let after = try await stage.store.dossier(code)
            #expect(after?.version == 2, "submitted, and asked to pay by the API's own answer")
        }
    }

    @Test func nothingOfOneDossierIsServedUnderAnother() async throws {
        try await Stage.with { stage in
            let first = try await stage.dossier(key: "1").code
            let second = try await stage.dossier("2.000635", key: "2").code
            let client = try await stage.signIn("an")
            let known = try #require(DossierCode(rawValue: first))
            let dossier = try await stage.store.dossier(known)
            let digest = try #require(dossier?.attachments.first?.digest)
            let own = await client.get("/can-bo/ho-so/\(first)/tep/\(digest)")
            #expect(own.status == 200)
            #expect(own.fields[.contentDisposition]?.hasPrefix("attachment") == true)
            #expect(own.fields[.contentSecurityPolicy]?.contains("sandbox") == true)
            #expect(own.fields[.cacheControl] == "private, no-store")
            // A download that broke off is gone on with, and not sent again when it is there.
            let path = "/can-bo/ho-so/\(first)/tep/\(digest)"
            let rest = await client.get(path, ["Range": "bytes=2-", "If-Range": "\"\(digest)\""])
            #expect(rest.status == 206)
            #expect(rest.body == Array(own.body.dropFirst(2)))
            #expect(await client.get(path, ["If-None-Match": "\"\(digest)\""]).status == 304)
            #expect(await client.get("/can-bo/ho-so/\(second)/tep/\(digest)").status == 404)
        }
    }
}

/// Sign-in under pressure.
@Suite struct SignInPressureTests {
    private static func post(_ client: TestClient, _ fields: [(String, String)]) async -> TestClient.Reply {
        let page = await client.get("/can-bo/dang-nhap")
        return await client.post("/can-bo/dang-nhap", [("csrf", page.csrfToken ?? "")] + fields)
    }

    private static func good(_ login: String) -> [(String, String)] {
        [("ten-dang-nhap", login), ("mat-khau", "mat-khau-\(login)"), ("ma-mot-lan", "")]
    }

    /// A foreign page cannot sign a visitor in as somebody: the form carries a token before there is a session.
    @Test func theFormNeedsItsTokenBeforeThereIsASession() async throws {
        try await Stage.with { stage in
            let fields = SignInPressureTests.good("an")
            #expect(await stage.desk.post("/can-bo/dang-nhap", fields).status == 403)
            let other = TestClient(stage.portal.deskSite())
            let foreign = await other.get("/can-bo/dang-nhap").csrfToken ?? ""
            #expect(await stage.desk.post("/can-bo/dang-nhap", [("csrf", foreign)] + fields).status == 403)
            #expect(await SignInPressureTests.post(stage.desk, fields).status == 303)
        }
    }

    @Test func doubledFieldsAreNotGuessed() async throws {
        try await Stage.with { stage in
            for name in ["ten-dang-nhap", "mat-khau", "ma-mot-lan"] {
                let fields = SignInPressureTests.good("an") + [(name, "x")]
                #expect(await SignInPressureTests.post(stage.desk, fields).status == 400, "\(name)")
            }
        }
    }

    /// Tries sent at once count like tries one after the other: the one after them is delayed.
    @Test func manyTriesAtOnceAreCounted() async throws {
        try await Stage.with { stage in
            let statuses = await withTaskGroup(of: Int.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        let client = TestClient(stage.portal.deskSite(), address: "192.0.2.\(index + 10)")
                        return await SignInPressureTests.post(
                            client, [("ten-dang-nhap", "an"), ("mat-khau", "sai"), ("ma-mot-lan", "")]
                        ).status
                    }
                }
                return await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(Set(statuses).isSubset(of: [422, 429]))
            #expect(await SignInPressureTests.post(stage.desk, SignInPressureTests.good("an")).status == 429)
        }
    }

    /// Thirty failures from one address stop it, whoever it tries; others go on.
    @Test func anAddressThatTriesEveryoneIsStopped() async throws {
        try await Stage.with { stage in
            for index in 0..<30 {
                let fields = [("ten-dang-nhap", "ai-do-\(index)"), ("mat-khau", "sai")]
                #expect(await SignInPressureTests.post(stage.desk, fields).status == 422)
            }
            let stopped = await SignInPressureTests.post(stage.desk, SignInPressureTests.good("an"))
            #expect(stopped.status == 429 && stopped.fields[.retryAfter] != nil)
            let other = TestClient(stage.portal.deskSite(), address: "192.0.2.9")
            #expect(await SignInPressureTests.post(other, SignInPressureTests.good("an")).status == 303)
        }
    }

    /// A hash from cheaper days is made anew at sign-in, and used codes stay used.
    @Test func cheapHashesAreMadeAnew() async throws {
        try await Stage.with { stage in
            let id = try #require(OfficerID(rawValue: "cu"))
            let hash = try #require(PasswordHash(password: "mat-khau-cu", parameters: Scrypt(logN: 8, r: 8, p: 1)))
            try await stage.store.save(Officer(id: id, name: "Cũ", roles: [.intake], password: hash))
            #expect(await SignInPressureTests.post(stage.desk, SignInPressureTests.good("cu")).status == 303)
            let after = try await stage.store.officer(id)
            #expect(after?.password.parameters.logN == 10 && after?.password != hash)
            let again = TestClient(stage.portal.deskSite())
            #expect(await SignInPressureTests.post(again, SignInPressureTests.good("cu")).status == 303)
        }
    }

    /// Half an hour without a request, or ten hours in all, and the session is over.
    @Test func sessionsOfOfficersEnd() async throws {
        try await Stage.with { stage in
            let idle = try await stage.signIn("an")
            stage.clock.move(to: "2026-11-25T09:29")
            #expect(await idle.get("/can-bo").status == 200)
            stage.clock.move(to: "2026-11-25T10:00")
            #expect(await idle.get("/can-bo").status == 303)
            stage.clock.move(to: "2026-11-25T08:00")
            let busy = try await stage.signIn("an")
            for hour in 8..<18 {
                for minute in ["20", "40"] where hour > 8 || minute != "00" {
                    stage.clock.move(to: "2026-11-25T\(hour < 10 ? "0" : "")\(hour):\(minute)")
                    #expect(await busy.get("/can-bo").status == 200, "\(hour):\(minute)")
                }
                stage.clock.move(to: "2026-11-25T\(hour < 9 ? "0" : "")\(hour + 1):00")
                if hour < 17 { #expect(await busy.get("/can-bo").status == 200, "\(hour + 1):00") }
            }
            #expect(await busy.get("/can-bo").status == 303, "ten hours are over")
        }
    }

    @Test func signingOutClearsTheBrowser() async throws {
        try await Stage.with { stage in
            let client = try await stage.signIn("an")
            let page = await client.get("/can-bo")
            #expect(page.fields[.cacheControl] == "no-store")
            let token = try #require(page.csrfToken)
            let reply = await client.post("/can-bo/dang-xuat", [("csrf", token)])
            #expect(reply.fields[FieldName(unchecked: "Clear-Site-Data")]?.contains("storage") == true)
        }
    }
}

/// The trail of the desk (OWASP ASVS 5.0 section 16.3).
@Suite struct AuditTests {
    @Test func tellsWhoCameWhoLookedAndWhoWasRefused() async throws {
        try await Stage.with { stage in
            let code = try await stage.dossier().code
            let stranger = TestClient(stage.portal.deskSite(), address: "192.0.2.66")
            let page = await stranger.get("/can-bo/dang-nhap")
            let wrong = [("csrf", page.csrfToken ?? ""), ("ten-dang-nhap", "an\r\nchi"), ("mat-khau", "sai")]
            #expect(await stranger.post("/can-bo/dang-nhap", wrong).status == 422)
            let client = try await stage.signIn("an")
            #expect(await client.get("/can-bo/ho-so/\(code)").status == 200)
            #expect(await client.get("/can-bo/ho-so/\(code)/viec/thu-phi").status == 409)
            #expect(await client.get("/can-bo/ho-so/\(code)/viec/ky").status == 403)
            let queue = await client.get("/can-bo")
            let token = [("csrf", queue.csrfToken ?? "")]
            #expect(
                await client.post("/can-bo/ho-so/\(code)/viec/tiep-nhan", token + [("phien-ban", "1")]).status == 303)
            #expect(await client.get("/can-bo/ho-so/\(code)/phieu/01").status == 200)
            #expect(await client.post("/can-bo/dang-xuat", token).status == 303)
            let entries = try await stage.store.auditEntries(limit: 100).reversed().map { $0 }
            #expect(
                entries.map(\.action) == [
                    .signInFailed, .signedIn, .viewed, .refused, .refused, .acted, .openedSlip, .signedOut,
                ])
            #expect(entries.dropFirst().allSatisfy { $0.who == "an" && $0.at == stage.clock.now() })
            #expect(entries[0].address == "192.0.2.66" && entries[2].subject == code)
            #expect(entries[4].subject == "/can-bo/ho-so/\(code)/viec/ky" && entries[5].subject == "\(code) accept")
            let findings = try StoreOperations.verify(stage.store.folder) { _ in }.findings
            #expect(findings == [])
        }
    }
}
