import Foundation
import HTTPWire
import Platform
import PublicService
import Store
import Testing
import Web

@testable import Portal

@Suite struct AccessTests {
    /// Every route of the desk is closed to strangers, but for the sign-in page, static files and health.
    @Test func theDeskIsClosedToStrangers() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier()
            let open: Set<String> = ["/", "/can-bo/dang-nhap", "/healthz", "/readyz", "/static/{path...}"]
            for route in stage.portal.deskSite().routes where !open.contains(route.pattern.description) {
                let path = route.pattern.description.replacingOccurrences(of: "{code}", with: receipt.code)
                    .replacingOccurrences(of: "{verb}", with: "tiep-nhan").replacingOccurrences(
                        of: "{number}", with: "01"
                    )
                    .replacingOccurrences(of: "{digest}", with: String(repeating: "a", count: 64))
                let reply = await stage.desk.send(
                    route.method, path,
                    route.method == .post
                        ? ["Content-Type": "application/x-www-form-urlencoded", "Origin": "https://portal.test"] : [:])
                #expect([303, 401, 403].contains(reply.status), "\(route.method) \(path) answered \(reply.status)")
                #expect(!reply.text.contains("Lê Thị Ánh"))
            }
        }
    }

    @Test func nothingOfTheDeskStandsOnThePublicAddress() async throws {
        try await Stage.with { stage in
            for route in stage.portal.publicSite().routes { #expect(!route.pattern.description.hasPrefix("/can-bo")) }
            #expect(await stage.citizen.get("/can-bo").status == 404)
            #expect(await stage.desk.get("/tra-cuu").status == 404)
        }
    }

    /// No personal data without the second factor, and wrong is the same as unknown.
    @Test func codesAloneShowNothing() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier()
            let base = "/ho-so/\(receipt.code)"
            let unknown = "/ho-so/H56.31.12-261125-9999"
            for suffix in ["", "/bien-nhan", "/ket-qua", "/bo-sung", "/rut", "/phieu-hen"] {
                let alone = await stage.citizen.get(base + suffix)
                #expect(alone.status == 303 && alone.fields[.location]?.hasPrefix("/tra-cuu") == true, "\(suffix)")
                let wrong = await stage.citizen.get(base + suffix + "?khoa=ABCDEFGHJKMN")
                let other = await stage.citizen.get(unknown + suffix + "?khoa=ABCDEFGHJKMN")
                #expect(wrong.status == 404 && other.status == 404)
                #expect(wrong.text == other.text, "\(suffix)")
            }
            let tail = await stage.citizen.get(base + "?duoi=678")
            #expect(tail.status == 200 && !tail.text.contains("Lê Thị Ánh") && !tail.text.contains("0912345678"))
            #expect(await stage.citizen.get("/api/v1/dossiers/\(receipt.code)?key=ABCDEFGHJKMN").status == 404)
        }
    }

    @Test func guessingIsThrottled() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier()
            var statuses: [Int] = []
            for number in 0..<20 {
                statuses.append(
                    await stage.citizen.get("/ho-so/H56.31.12-261125-\(1000 + number)?khoa=ABCDEFGHJKMN").status)
            }
            #expect(statuses.contains(429))
            // Tails of one phone: five tries.
            let other = TestClient(stage.portal.publicSite(), address: "192.0.2.7")
            var tails: [Int] = []
            for number in 100..<107 { tails.append(await other.get("/ho-so/\(receipt.code)?duoi=\(number)").status) }
            #expect(tails.last == 429)
        }
    }

    @Test func aDisabledOfficerIsOutAtOnce() async throws {
        try await Stage.with { stage in
            let client = try await stage.signIn("an")
            #expect(await client.get("/can-bo").status == 200)
            let id = try #require(OfficerID(rawValue: "an"))
            let officer = try #require(try await stage.store.officer(id))
            try await stage.store.save(
                .init(id: id, name: officer.name, roles: officer.roles, isDisabled: true, password: officer.password))
            #expect(await client.get("/can-bo").status == 303)
        }
    }

    @Test func formsNeedTheirToken() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier()
            let client = try await stage.signIn("an")
            let path = "/can-bo/ho-so/\(receipt.code)/viec/tiep-nhan"
            #expect(await client.post(path, [("phien-ban", "1")]).status == 403)
            let page = await client.get(path)
            let token = try #require(page.csrfToken)
            #expect(
                await client.post(path, [("csrf", token), ("phien-ban", "1")], ["Origin": "https://evil.test"]).status
                    == 403)
            #expect(await client.post(path, [("csrf", token), ("phien-ban", "1")]).status == 303)
            // The same form again: the step is done.
            #expect(await client.post(path, [("csrf", token), ("phien-ban", "1")]).status == 409)
        }
    }

    @Test func twoOfficersAtOnceGiveOneStep() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier()
            let (first, second) = (try await stage.signIn("an"), try await stage.signIn("an"))
            let path = "/can-bo/ho-so/\(receipt.code)/viec/tiep-nhan"
            let tokens = [
                try #require(await first.get(path).csrfToken), try #require(await second.get(path).csrfToken),
            ]
            async let one = first.post(path, [("csrf", tokens[0]), ("phien-ban", "1")])
            async let two = second.post(path, [("csrf", tokens[1]), ("phien-ban", "1")])
            let statuses = await [one.status, two.status].sorted()
            #expect(statuses == [303, 409])
        }
    }

    /// Markup, quotes and template syntax in every field come back as text on every page.
    @Test func hostileTextStaysText() async throws {
        try await Stage.with { stage in
            let hostile = "<script>alert(1)</script>\"'{{csrf}}"
            for target in ["/thu-tuc?tu-khoa=", "/tra-cuu?ma=", "/tinh-ngay-hen?nhan_luc="] {
                let reply = await stage.citizen.get(target + PercentEncoding.encode(hostile))
                #expect(!reply.text.contains("<script>alert"), "\(target)")
                #expect(reply.text.contains("&lt;script&gt;alert"), "\(target)")
            }
            let start = await stage.citizen.post("/thu-tuc/1.001193/nop", [])
            let step = try #require(start.fields[.location])
            let page = await stage.citizen.get(step)
            let token = try #require(page.csrfToken)
            let form =
                [("csrf", token)]
                + ["ho_ten", "so_dinh_danh", "dien_thoai", "thu_dien_tu", "noi_cu_tru"].map { ($0, hostile) }
            let reply = await stage.citizen.post(step, form)
            #expect(reply.status == 422)
            #expect(!reply.text.contains("<script>alert"))
            #expect(reply.text.components(separatedBy: "&lt;script&gt;alert").count >= 6)
        }
    }

    @Test func everyPageForbidsForeignCode() async throws {
        try await Stage.with { stage in
            for path in ["/", "/thu-tuc", "/tra-cuu", "/nothing", "/api/v1/statistics"] {
                let fields = await stage.citizen.get(path).fields
                let policy = try #require(fields[.contentSecurityPolicy])
                #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "\(path)")
                #expect(fields[FieldName(unchecked: "X-Content-Type-Options")] == "nosniff")
            }
        }
    }
}

@Suite struct SignInTests {
    static func attempt(_ stage: Stage, _ client: TestClient, _ login: String, _ password: String, code: String = "")
        async -> Int
    {
        let page = await client.get("/can-bo/dang-nhap")
        let token = page.csrfToken ?? ""
        return await client.post(
            "/can-bo/dang-nhap",
            [("csrf", token), ("ten-dang-nhap", login), ("mat-khau", password), ("ma-mot-lan", code)]
        ).status
    }

    @Test func aCodeIsNeededAndWorksOnce() async throws {
        try await Stage.with { stage in
            let id = try #require(OfficerID(rawValue: "ky"))
            let seed = SecureRandom.bytes(20)
            let hash = try #require(PasswordHash(password: "mat-khau-ky", parameters: Scrypt(logN: 10, r: 8, p: 1)))
            try await stage.store.save(
                Officer(
                    id: id, name: "Ký", roles: [.leader], password: hash, sealedSeed: try stage.store.seal(seed: seed)))
            let code = OneTimeCode.code(seed: seed, step: OneTimeCode.step(seconds: stage.clock.now().seconds))
            let client = TestClient(stage.portal.deskSite())
            #expect(await SignInTests.attempt(stage, client, "ky", "mat-khau-ky") == 422)
            #expect(await SignInTests.attempt(stage, client, "ky", "mat-khau-ky", code: "000000") == 422)
            #expect(await SignInTests.attempt(stage, client, "ky", "mat-khau-ky", code: code) == 303)
            let other = TestClient(stage.portal.deskSite())
            #expect(
                await SignInTests.attempt(stage, other, "ky", "mat-khau-ky", code: code) == 422, "used once already"
            )
        }
    }

    @Test func failuresSlowAnAccountButNeverLockIt() async throws {
        try await Stage.with { stage in
            let client = TestClient(stage.portal.deskSite())
            for _ in 0..<5 { #expect(await SignInTests.attempt(stage, client, "an", "sai") == 422) }
            #expect(await SignInTests.attempt(stage, client, "an", "mat-khau-an") == 429)
            stage.clock.move(to: "2026-11-25T09:02")
            #expect(await SignInTests.attempt(stage, client, "an", "mat-khau-an") == 303)
        }
    }

    @Test func signingOutEndsTheSession() async throws {
        try await Stage.with { stage in
            let client = try await stage.signIn("an")
            let name = "__Host-session"
            let token = try #require(client.cookie(name))
            let page = await client.get("/can-bo")
            #expect(await client.post("/can-bo/dang-xuat", [("csrf", try #require(page.csrfToken))]).status == 303)
            client.setCookie(name, token)
            #expect(await client.get("/can-bo").status == 303, "the old cookie is worth nothing")
        }
    }
}
