import HTTPWire
import Testing

@testable import Web

@Suite struct StaticFilesTests {
    private static let style = String(repeating: "body { color: black }\n", count: 100)
    private let files = StaticFiles([
        "site.css": Array(style.utf8), "fonts/chu.woff2": Array("0123456789".utf8), "robots": Array("x".utf8),
    ])

    private func site() -> TestClient {
        TestClient(router(middleware: [Compression(), SecurityHeaders()]) { files.mount(on: &$0) })
    }

    @Test func namesChangeWithTheContent() {
        let address = files.asset("site.css")
        #expect(address.hasPrefix("/static/site.") && address.hasSuffix(".css"))
        #expect(address.split(separator: ".").map(\.count) == ["/static/site".count, 12, 3])
        #expect(StaticFiles(["site.css": [1]]).asset("site.css") != address)
        #expect(files.asset("fonts/chu.woff2").hasPrefix("/static/fonts/chu."))
        #expect(files.asset("robots").hasPrefix("/static/robots."))
    }

    @Test func browsersMayKeepThemForEver() async {
        let reply = await site().get(files.asset("site.css"))
        #expect(reply.text == Self.style)
        #expect(reply.fields[.cacheControl] == "public, max-age=31536000, immutable")
        #expect(reply.fields[.contentType] == "text/css; charset=utf-8")
        #expect(reply.fields[.vary] == "Accept-Encoding")
        #expect(reply.fields[.contentEncoding] == nil)
        #expect(reply.fields[FieldName(unchecked: "X-Content-Type-Options")] == "nosniff")
    }

    @Test func eachCodingHasItsOwnTag() async throws {
        let site = site()
        let path = files.asset("site.css")
        let packed = await site.get(path, ["Accept-Encoding": "gzip"])
        #expect(packed.fields[.contentEncoding] == "gzip")
        #expect(try inflate(packed.body) == Array(Self.style.utf8))
        let plain = await site.get(path)
        let tags = try [packed, plain].map { try #require($0.fields[.etag]) }
        #expect(tags[0] != tags[1])
        #expect(await site.get(path, ["Accept-Encoding": "gzip", "If-None-Match": tags[0]]).status == 304)
        let again = await site.get(path, ["If-None-Match": tags[1]])
        #expect(again.status == 304)
        #expect(again.body.isEmpty)
        #expect(again.fields[.etag] == tags[1])
        #expect(await site.get(path, ["If-None-Match": "\"other\""]).status == 200)
    }

    @Test(arguments: [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"), ("bytes=-3", 206, "789", "bytes 7-9/10"),
        ("bytes=8-", 206, "89", "bytes 8-9/10"), ("bytes=20-", 416, "", "bytes */10"),
        ("bytes=x", 200, "0123456789", ""), ("lines=1-2", 200, "0123456789", ""),
    ])
    func servesRanges(_ range: String, _ status: Int, _ text: String, _ contentRange: String) async {
        let reply = await site().get(files.asset("fonts/chu.woff2"), ["Range": range, "Accept-Encoding": "gzip"])
        #expect(reply.status == status)
        #expect(reply.text == text)
        #expect(reply.fields[.contentRange] ?? "" == contentRange)
    }

    @Test func rangesOfAnotherVersionGetEverything() async {
        let reply = await site().get(files.asset("fonts/chu.woff2"), ["Range": "bytes=0-1", "If-Range": "\"old\""])
        #expect(reply.status == 200)
    }

    @Test(arguments: ["/static/site.css", "/static/", "/static/x", "/static/fonts", "/static/site.000000000000.css"])
    func nothingElseIsServed(_ path: String) async {
        #expect(await site().get(path).status == 404)
    }

    @Test func nothingOutsideIsServed() async {
        for path in ["/static/../secret", "/static/%2e%2e/secret", "/static/..%2fsecret", "/static//etc/passwd"] {
            #expect(await site().get(path).status == 400, "\(path)")
        }
    }
}
