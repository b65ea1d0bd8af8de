import HTTPWire
import Synchronization
import Testing

@testable import Web

private final class Diary: Sendable {
    private let held = Mutex<[String]>([])
    func write(_ line: String) { held.withLock { $0.append(line) } }
    var lines: [String] { held.withLock { $0 } }
}

private struct Step: Middleware {
    let name: String
    let diary: Diary
    var stops = false

    func enter(_ exchange: inout Exchange) throws -> Response? {
        diary.write("enter " + name)
        return stops ? .text("stopped") : nil
    }
    func enterWaiting(_ exchange: inout Exchange) async throws -> Response? {
        diary.write("wait " + name)
        return nil
    }
    func leave(_ exchange: Exchange, _ response: inout Response) {
        diary.write("leave " + name)
    }
}

@Suite struct MiddlewareTests {
    @Test func runsInOrderAndBack() async {
        let diary = Diary()
        let steps = ["a", "b"].map { Step(name: $0, diary: diary) }
        let site = TestClient(router(middleware: steps) { $0.get("/") { _ in .text("x") } })
        _ = await site.get("/")
        #expect(diary.lines == ["enter a", "enter b", "wait a", "wait b", "leave b", "leave a"])
    }

    @Test func aStepThatAnswersEndsTheRequestAndEveryStepCompletesIt() async {
        let diary = Diary()
        let steps = [Step(name: "a", diary: diary, stops: true), Step(name: "b", diary: diary)]
        let site = TestClient(router(middleware: steps) { $0.get("/") { _ in .text("x") } })
        #expect(await site.get("/").text == "stopped")
        #expect(diary.lines == ["enter a", "leave b", "leave a"])
    }

    @Test func everyAnswerCarriesTheSecurityFields() async {
        let declare: (inout Routes) -> Void = { routes in
            routes.getReady("/") { _ in .text("x") }
            routes.get("/fails") { _ in throw Refused(.forbidden) }
            routes.get("/own") { _ in
                var response = Response.text("x")
                response.fields.set(.contentSecurityPolicy, "sandbox")
                response.fields.set(.cacheControl, "private, no-store")
                return response
            }
        }
        let router = router(middleware: [SecurityHeaders(formTargets: ["https://bank.example"])], declare)
        let site = TestClient(router)
        for path in ["/", "/fails", "/nothing", "/%zz"] {
            let fields = await site.get(path).fields
            let policy = fields[.contentSecurityPolicy] ?? ""
            #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
            #expect(policy.contains("form-action 'self' https://bank.example;"))
            #expect(!policy.contains("unsafe"))
            #expect(fields[FieldName(unchecked: "X-Content-Type-Options")] == "nosniff")
            #expect(fields[.cacheControl] == "no-store")
            #expect(fields[FieldName(unchecked: "Referrer-Policy")] != nil)
            #expect(fields[FieldName(unchecked: "Cross-Origin-Opener-Policy")] == "same-origin")
            #expect(fields[FieldName(unchecked: "Permissions-Policy")] != nil)
            #expect(fields[FieldName(unchecked: "Strict-Transport-Security")]?.hasPrefix("max-age=31536000") == true)
        }
        let own = await site.get("/own").fields
        #expect(own.values(of: .contentSecurityPolicy) == ["sandbox"])
        #expect(own.values(of: .cacheControl) == ["private, no-store"])
        let plain = await TestClient(router, isSecure: false).get("/").fields
        #expect(plain[FieldName(unchecked: "Strict-Transport-Security")] == nil)
    }

    @Test func compressesTextWhenItPays() async throws {
        let text = String(repeating: "Giấy khai sinh. ", count: 200)
        let site = TestClient(
            router(middleware: [Compression()]) { routes in
                routes.get("/text") { _ in .text(text) }
                routes.get("/short") { _ in .text("x") }
                routes.get("/secret") { _ in Response.text(text).keptUncompressed() }
                routes.get("/picture") { _ in .content(Array(text.utf8), "image/png") }
                routes.get("/error") { _ in .text(text, .notFound) }
                routes.get("/tagged") { _ in
                    var response = Response.text(text)
                    response.fields.append(.etag, "\"1\"")
                    return response
                }
            })
        let gzip = ["Accept-Encoding": "gzip, br"]
        let packed = await site.get("/text", gzip)
        #expect(packed.fields[.contentEncoding] == "gzip")
        #expect(packed.fields[.vary] == "Accept-Encoding")
        #expect(packed.body.count < text.utf8.count / 5)
        #expect(try inflate(packed.body) == Array(text.utf8))
        let plain = await site.get("/text", ["Accept-Encoding": "gzip;q=0"])
        #expect(plain.fields[.contentEncoding] == nil)
        #expect(plain.fields[.vary] == "Accept-Encoding")
        #expect(plain.text == text)
        for path in ["/short", "/secret", "/picture", "/error"] {
            #expect(await site.get(path, gzip).fields[.contentEncoding] == nil, "\(path)")
        }
        #expect(await site.get("/tagged", gzip).fields[.etag] == "W/\"1\"")
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

    @Test func gzipKeepsEveryByte() throws {
        for count in [0, 1, 1000, 100_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
            for level: Int32 in [1, 6, 9] {
                #expect(try inflate(try #require(Gzip.compress(bytes, level: level))) == bytes)
            }
        }
    }
}
