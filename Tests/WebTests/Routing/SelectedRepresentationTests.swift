import Glibc
import HTTPWire
import Platform
import Testing

@testable import Web

/// Preconditions and ranges hold for whatever names what it is of, not for static files alone.
@Suite struct SelectedRepresentationTests {
    /// An open file of ten digits and some more.
    private final class Letters: FileRegion {
        let descriptor: Int32
        let offset: Int64 = 2
        let byteCount: Int64

        init(_ text: String = "0123456789") {
            byteCount = Int64(text.utf8.count)
            let file = tmpfile()
            descriptor = file.map { dup(fileno($0)) } ?? -1
            if let file { fclose(file) }
            write(descriptor, ".." + text + "..", text.utf8.count + 4)
        }

        deinit { close(descriptor) }
    }

    private static func fields(_ etag: String) -> HeaderFields {
        var fields = HeaderFields()
        fields.append(.contentType, "text/plain")
        fields.append(.cacheControl, "private, max-age=60")
        fields.append(.etag, etag)
        fields.append(.lastModified, "Sun, 06 Nov 1994 08:49:37 GMT")
        return fields
    }

    private static func site() -> TestClient {
        let letters = Letters()
        let many = Letters(String(repeating: "x", count: 1_000))
        return TestClient(
            router(middleware: [Compression()]) { routes in
                routes.get("/file") { _ in Response(.ok, fields: fields("\"a\""), body: .file(letters)) }
                routes.get("/bytes") { _ in
                    Response(.ok, fields: fields("\"a\""), body: .bytes(Array("0123456789".utf8)))
                }
                routes.get("/weak") { _ in
                    Response(.ok, fields: fields("W/\"a\""), body: .bytes(Array("0123456789".utf8)))
                }
                routes.get("/long") { _ in Response(.ok, fields: fields("\"a\""), body: .file(many)) }
                routes.get("/untagged") { _ in .text("0123456789") }
                routes.get("/gone") { _ in Response(.notFound, fields: fields("\"a\"")) }
            })
    }

    static let requests: [(field: String, value: String, status: Int, content: String)] = [
        ("If-None-Match", "\"a\"", 304, ""), ("If-None-Match", "*", 304, ""),
        ("If-None-Match", "\"b\"", 200, "0123456789"),
        ("If-Match", "\"b\"", 412, ""), ("If-Match", "*", 200, "0123456789"),
        ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 304, ""),
        ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT", 200, "0123456789"),
        ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT", 412, ""),
        ("Range", "bytes=2-3", 206, "23"), ("Range", "bytes=-1", 206, "9"), ("Range", "bytes=8-", 206, "89"),
        ("Range", "bytes=10-", 416, ""), ("Range", "lines=1-2", 200, "0123456789"),
    ]

    @Test(arguments: ["/file", "/bytes"], requests)
    func conditionsAndRangesHold(
        _ path: String, _ request: (field: String, value: String, status: Int, content: String)
    ) async {
        let reply = await Self.site().send(.get, path, [request.field: request.value])
        #expect(reply.status == request.status && reply.text == request.content)
        if request.status == 206 { #expect(reply.fields[.contentRange]?.hasSuffix("/10") == true) }
        if request.status == 416 { #expect(reply.fields[.contentRange] == "bytes */10") }
        if request.status == 304 { #expect(reply.fields[.etag] == "\"a\"") }
        if request.status == 412 { #expect(reply.fields[.etag] == nil) }
    }

    @Test func aRangeIsForTheTagItWasAskedWith() async {
        let site = Self.site()
        for path in ["/file", "/bytes"] {
            #expect(await site.send(.get, path, ["Range": "bytes=2-3", "If-Range": "\"a\""]).text == "23")
            #expect(await site.send(.get, path, ["Range": "bytes=2-3", "If-Range": "\"b\""]).text == "0123456789")
            #expect(await site.send(.head, path, ["Range": "bytes=2-3"]).status == 200)
        }
        #expect(await site.send(.get, "/weak", ["Range": "bytes=2-3", "If-Range": "W/\"a\""]).status == 200)
        #expect(await site.send(.get, "/file").fields[.acceptRanges] == "bytes")
    }

    @Test func severalRangesOfAFileAreAnsweredByAllOfIt() async {
        let reply = await Self.site().send(.get, "/long", ["Range": "bytes=0-1,900-901"])
        #expect(reply.status == 200 && reply.body.count == 1_000)
    }

    /// Another coding is another representation, and a refusal is none: each is judged in the form in which it would leave.
    @Test func answersAreJudgedInTheirLastForm() async {
        let page = Response(.ok, fields: Self.fields("\"a\""), body: .bytes([UInt8](repeating: 0x61, count: 4_096)))
        let site = TestClient(
            router(middleware: [SecurityHeaders(), Compression()]) { $0.get("/page") { _ in page } })
        let whole = await site.get("/page", ["Accept-Encoding": "gzip"])
        #expect(whole.fields[.contentEncoding] == "gzip" && whole.fields[.etag] == "W/\"a\"")
        let unchanged = await site.get("/page", ["Accept-Encoding": "gzip", "If-None-Match": "\"a\""])
        #expect(unchanged.status == 304 && unchanged.fields[.etag] == "W/\"a\"")
        #expect(unchanged.fields[.vary] == "Accept-Encoding" && unchanged.fields[.contentEncoding] == nil)
        #expect(unchanged.fields[.contentType] == nil && unchanged.body.isEmpty)
        // A weak tag never satisfies If-Match (RFC 9110 §13.1.1).
        #expect(await site.get("/page", ["Accept-Encoding": "gzip", "If-Match": "\"a\""]).status == 412)
        #expect(await site.get("/page", ["If-Match": "\"a\""]).status == 200)
        let part = await site.get("/page", ["Accept-Encoding": "gzip", "Range": "bytes=4-5"])
        #expect(part.status == 206 && part.text == "aa" && part.fields[.etag] == "\"a\"")
        for field in ["If-Match": "\"b\"", "Range": "bytes=4096-"] {
            let refused = await site.get("/page", [field.key: field.value])
            #expect(refused.status == (field.key == "Range" ? 416 : 412))
            #expect(refused.fields[.cacheControl] == "no-store" && refused.fields[.contentSecurityPolicy] != nil)
            #expect(refused.fields[.lastModified] == nil && refused.fields[.contentType] == nil)
        }
    }

    @Test func whatHasNoTagOrIsNoSuccessStaysAsItIs() async {
        let site = Self.site()
        #expect(await site.send(.get, "/untagged", ["If-Match": "\"b\"", "Range": "bytes=0-1"]).text == "0123456789")
        #expect(await site.send(.get, "/gone", ["If-None-Match": "\"a\""]).status == 404)
    }

    /// Nothing is changed for who names a state that it cannot be in, and nothing of the content is read.
    @Test func whatWouldChangeSomethingIsNotDoneInVain() async {
        let site = TestClient(
            router { routes in
                routes.program(.put, "/thing", bodyLimit: 10) { exchange in
                    .text(String(try await exchange.body.collect(upTo: 10).count))
                }
            })
        let refused = await site.send(.put, "/thing", ["If-Match": "\"a\""], body: [1, 2])
        #expect(refused.status == 412)
        #expect(await site.send(.put, "/thing", ["If-Match": "*"], body: [1, 2]).text == "2")
        #expect(await site.send(.put, "/thing", body: [1, 2]).text == "2")
    }

    /// Else a packed paper would be kept as the paper.
    @Test func contentInACodingIsRefused() async {
        let site = TestClient(
            router { routes in
                routes.program(.put, "/thing", bodyLimit: 10) { _ in .text("taken") }
                routes.post("/form") { _, _ in .text("taken") }
            })
        for (method, path) in [(Method.put, "/thing"), (.post, "/form")] {
            for coding in ["gzip", "br, identity", "x"] {
                let reply = await site.send(method, path, ["Content-Encoding": coding], body: [1])
                #expect(reply.status == 415 && reply.fields[.acceptEncoding] == "identity")
            }
        }
        #expect(await site.send(.put, "/thing", ["Content-Encoding": "Identity"], body: [1]).text == "taken")
    }
}
