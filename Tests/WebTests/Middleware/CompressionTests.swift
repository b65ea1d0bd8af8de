import HTTPWire
import Testing

@testable import Web

@Suite struct CompressionTests {
    private static let text = String(repeating: "Giấy khai sinh. ", count: 200)

    private func site(_ middleware: [any Middleware] = [Compression()]) -> TestClient {
        TestClient(
            router(middleware: middleware) { routes in
                routes.get("/text") { _ in .text(Self.text) }
                routes.get("/short") { _ in .text("x") }
                routes.get("/secret") { _ in Response.text(Self.text).keptUncompressed() }
                routes.get("/picture") { _ in .content(Array(Self.text.utf8), "image/png") }
                routes.get("/error") { _ in .text(Self.text, .notFound) }
                routes.get("/tagged") { _ in
                    var response = Response.text(Self.text)
                    response.fields.append(.etag, "\"1\"")
                    return response
                }
                routes.get("/form") { exchange in
                    .text(Self.text + exchange.csrfToken() + (exchange.head.query ?? ""))
                }
            })
    }

    @Test func compressesTextWhenItPays() async throws {
        let site = site()
        let packed = await site.get("/text", ["Accept-Encoding": "gzip"])
        #expect(packed.fields[.contentEncoding] == "gzip")
        #expect(packed.fields[.vary] == "Accept-Encoding")
        #expect(packed.body.count < Self.text.utf8.count / 5)
        #expect(try inflate(packed.body) == Array(Self.text.utf8))
        let small = await site.get("/text", ["Accept-Encoding": "gzip, br"])
        #expect(small.fields[.contentEncoding] == "br")
        #expect(try unbrotli(small.body) == Array(Self.text.utf8))
        // Whoever takes nothing at all gets it as it is, because the handler has run.
        for refusing in ["gzip;q=0", "identity;q=0", "*;q=0"] {
            let plain = await site.get("/text", ["Accept-Encoding": refusing])
            #expect(plain.status == 200)
            #expect(plain.fields[.contentEncoding] == nil)
            #expect(plain.fields[.vary] == "Accept-Encoding")
            #expect(plain.text == Self.text)
        }
        for path in ["/short", "/secret", "/picture", "/error"] {
            #expect(await site.get(path, ["Accept-Encoding": "gzip, br"]).fields[.contentEncoding] == nil, "\(path)")
        }
        #expect(await site.get("/tagged", ["Accept-Encoding": "gzip"]).fields[.etag] == "W/\"1\"")
    }

    /// A person's secret and another site's words never share a compressed answer.
    @Test func neverWhereSecretsAndReflectedInputMeet() async {
        let fields = ["Accept-Encoding": "gzip, br"]
        func coding(_ target: String, _ more: [String: String] = [:]) async -> String? {
            await site().get(target, fields.merging(more) { $1 }).fields[.contentEncoding]
        }
        // Nobody is known: the query cannot tell anything about anybody.
        #expect(await coding("/text?q=chosen") == "br")
        // Somebody is known, but nothing can be chosen.
        #expect(await coding("/text", ["Cookie": "session=s"]) == "br")
        // Both.
        #expect(await coding("/text?q=chosen", ["Cookie": "session=s"]) == nil)
        #expect(await coding("/text?q=chosen", ["Authorization": "Bearer s"]) == nil)
        // Somebody becomes known by this very answer.
        #expect(await coding("/form") == "br")
        #expect(await coding("/form?q=chosen") == nil)
        // For others the answer would be compressed: no cache may take one for the other.
        let kept = await site().get("/text?q=chosen", fields.merging(["Cookie": "session=s"]) { $1 })
        #expect(kept.fields[.vary]?.contains("Accept-Encoding") == true)
    }

    @Test func aFormSentAgainIsNotCompressed() {
        var fields = HeaderFields()
        fields.append(.cookie, "session=s")
        let head = RequestHead(method: .post, path: "/", fields: fields)
        let exchange = Exchange(head: head, peer: Peer(address: "192.0.2.1", isSecure: true), route: nil)
        #expect(Compression.couldTell(exchange, .text("x")))
    }

    @Test func bothCodingsKeepEveryByte() throws {
        for count in [0, 1, 1000, 100_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
            for level: Int32 in [1, 6, 9] {
                #expect(try inflate(try #require(Gzip.compress(bytes, level: level))) == bytes)
            }
            for quality: Int32 in [0, 4, 5, 11] {
                #expect(try unbrotli(try #require(Brotli.compress(bytes, quality: quality))) == bytes)
            }
        }
    }

    /// What another site's page asks for by itself is not compressed (BREACH); what people click on is.
    @Test(arguments: [
        ([:], true), (["Sec-Fetch-Site": "same-origin"], true), (["Sec-Fetch-Site": "none"], true),
        (["Sec-Fetch-Site": "cross-site", "Sec-Fetch-User": "?1"], true), (["Sec-Fetch-Site": "cross-site"], false),
        (["Sec-Fetch-Site": "same-site", "Referer": "https://portal.test/"], false),
        (["Referer": "https://portal.test/tra-cuu"], true), (["Referer": "http://PORTAL.test"], true),
        (["Referer": "https://evil.test/portal.test/"], false), (["Referer": "https://portal.test.evil.test/"], false),
        (["Referer": "about:blank"], false),
    ])
    func compressesForPeopleAndOwnPages(_ fields: [String: String], _ isCompressed: Bool) async {
        let text = String(repeating: "Giấy khai sinh. ", count: 200)
        let site = TestClient(router(middleware: [Compression()]) { $0.get("/") { _ in .text(text) } })
        let answer = await site.get("/", fields.merging(["Accept-Encoding": "gzip"]) { $1 })
        #expect((answer.fields[.contentEncoding] == "gzip") == isCompressed)
        #expect(answer.fields[.vary] == "Accept-Encoding")
    }
}
