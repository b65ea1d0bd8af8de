import HTTPWire
import Testing

@testable import Web

/// Gives every request the session or partner named in a header field.
private struct Pretend: WaitingMiddleware {
    func enterWaiting(_ exchange: inout Exchange) async throws -> Response? {
        if let role = exchange.head.fields[FieldName(unchecked: "X-Role")] {
            exchange.session = Session(
                digest: [], subject: "a", roles: [role], csrfSecret: [], startedAt: 0, seenAt: 0)
        }
        exchange.partner = exchange.head.fields[FieldName(unchecked: "X-Partner")]
        return nil
    }
}

@Suite struct AccessTests {
    private func site(_ denied: @escaping @Sendable (Exchange) -> Response? = { _ in nil }) -> TestClient {
        TestClient(
            router(middleware: [Pretend()], denied: denied) { routes in
                routes.get("/all") { _ in .text("in") }
                routes.get("/mine", access: .session) { _ in .text("in") }
                routes.get("/desk", access: .officer(roles: ["desk", "leader"])) { _ in .text("in") }
                routes.program(.get, "/api", access: .partner, bodyLimit: 0) { _ in .text("in") }
            })
    }

    @Test(arguments: [
        ("/all", [:], 200), ("/mine", [:], 401), ("/desk", [:], 401), ("/api", [:], 401),
        ("/mine", ["X-Role": "citizen"], 200), ("/desk", ["X-Role": "citizen"], 403),
        ("/desk", ["X-Role": "leader"], 200), ("/desk", ["X-Role": "desk"], 200),
        ("/api", ["X-Role": "leader"], 403), ("/api", ["X-Partner": "post"], 200),
        ("/mine", ["X-Partner": "post"], 401),
    ])
    func admitsWhomTheRouteNames(_ path: String, _ fields: [String: String], _ status: Int) async {
        #expect(await site().get(path, fields).status == status)
    }

    @Test func strangersCanBeLedToSigningIn() async {
        let site = site { exchange in exchange.session == nil ? .seeOther("/dang-nhap") : nil }
        #expect(await site.get("/mine").fields[.location] == "/dang-nhap")
        #expect(await site.get("/desk", ["X-Role": "citizen"]).status == 403)
    }

    @Test func refusedFormsAreNotRead() async {
        let site = TestClient(
            router(middleware: [Pretend()]) { routes in
                routes.post("/desk", access: .session) { _, _ in
                    Issue.record("the handler ran")
                    return .seeOther("/")
                }
            })
        #expect(await site.post("/desk", [("a", "b")]).status == 401)
    }
}
