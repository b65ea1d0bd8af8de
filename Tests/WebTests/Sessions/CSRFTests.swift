import HTTPWire
import Platform
import Testing

@testable import Web

@Suite struct CSRFTests {
    private func site(isSecure: Bool = true) -> TestClient {
        TestClient(
            router { routes in
                routes.get("/form") { exchange in
                    .text("name=\"csrf\" value=\"\(exchange.csrfToken())\"; again \"\(exchange.csrfToken())\"")
                }
                routes.get("/other") { .text("name=\"csrf\" value=\"\($0.csrfToken(for: "other"))\"") }
                routes.post("/form") { _, form in .text("took " + (form["a"] ?? "-")) }
                routes.program(.post, "/call", bodyLimit: 100) { _ in .text("called") }
            }, isSecure: isSecure)
    }

    @Test(arguments: [true, false]) func aFormFromThisSitePasses(_ isSecure: Bool) async throws {
        let site = site(isSecure: isSecure)
        let token = try #require(await site.get("/form").csrfToken)
        #expect(await site.post("/form", [("csrf", token), ("a", "1")]).text == "took 1")
        #expect(await site.post("/form", [("a", "2")], ["X-CSRF-Token": token]).text == "took 2")
        #expect((site.cookie("__Host-form") != nil) == isSecure)
        #expect((site.cookie("form") != nil) == !isSecure)
    }

    @Test func bothTokensOfOnePagePass() async throws {
        let site = site()
        let page = await site.get("/form")
        let first = try #require(page.csrfToken)
        let second = try #require(page.value(after: "again \""))
        #expect(first != second)
        #expect(await site.post("/form", [("csrf", first)]).status == 200)
        #expect(await site.post("/form", [("csrf", second)]).status == 200)
        #expect(await site.get("/form").fields[.setCookie] == nil)
    }

    @Test func everythingElseIsRefused() async throws {
        let site = site()
        let token = try #require(await site.get("/form").csrfToken)
        let other = try #require(await site.get("/other").csrfToken)
        let stranger = self.site()
        let foreign = try #require(await stranger.get("/form").csrfToken)
        let last = token.hasSuffix("A") ? "Q" : "A"
        for bad in ["", "x", other, foreign, String(token.dropLast(2)), String(token.dropLast()) + last, token + "AA"] {
            #expect(await site.post("/form", [("csrf", bad)]).status == 403, "\(bad)")
        }
        #expect(await site.post("/form", [("a", "1")]).status == 403)
        site.setCookie("__Host-form", nil)
        #expect(await site.post("/form", [("csrf", token)]).status == 403)
    }

    @Test func aCookiePlantedUnderThePlainNameIsIgnored() async throws {
        let attacker = site(isSecure: false)
        let token = try #require(await attacker.get("/form").csrfToken)
        let site = site()
        site.setCookie("form", attacker.cookie("form"))
        #expect(await site.post("/form", [("csrf", token)]).status == 403)
    }

    @Test(arguments: [
        (["Origin": "https://evil.example"], 403),
        (["Origin": "null"], 403),
        (["Origin": "http://portal.test"], 403),
        (["Origin": "https://portal.test:444"], 403),
        (["Origin": "https://portal.test.evil.example"], 403),
        (["Sec-Fetch-Site": "cross-site"], 403),
        (["Sec-Fetch-Site": "same-site"], 403),
        (["Sec-Fetch-Site": "same-origin"], 200),
        (["Sec-Fetch-Site": "none"], 200),
        (["Origin": "null", "Sec-Fetch-Site": "same-origin"], 200),
        (["Origin": "https://PORTAL.test"], 200),
    ])
    func judgesWhereTheFormCameFrom(_ fields: [String: String], _ status: Int) async throws {
        let site = site()
        let token = try #require(await site.get("/form").csrfToken)
        #expect(await site.post("/form", [("csrf", token)], fields).status == status)
    }

    @Test func programsNeedNoToken() async {
        let reply = await site().send(.post, "/call", ["Origin": "https://bank.example"], body: [1])
        #expect(reply.text == "called")
    }

    @Test func tokensAreMaskedAnewEachTime() {
        let secret = [UInt8](repeating: 7, count: 32)
        let tokens = Set((0..<50).map { _ in CSRFToken.make(secret: secret, purpose: "form") })
        #expect(tokens.count == 50)
        #expect(tokens.allSatisfy { CSRFToken.isValid($0, secret: secret, purpose: "form") })
        #expect(tokens.allSatisfy { !CSRFToken.isValid($0, secret: secret, purpose: "from") })
    }

    @Test func base64URLGoesBothWaysAndOnlyOneWay() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            #expect(Base64URL.decode(bytes.base64URL) == bytes)
        }
        for bad in ["A", "AB", "A=", "A+AA", "AA/A", "AA A", "AAAAA"] { #expect(Base64URL.decode(bad) == nil) }
    }
}
