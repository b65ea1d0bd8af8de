import Foundation
import HTTPWire
import Synchronization
import Testing

@testable import Web

@Suite struct StaticFilesTests {
    private static let style = String(repeating: "body { color: black }\n", count: 100)
    private let files = StaticFiles([
        "site.css": Array(style.utf8), "fonts/chu.woff2": Array("0123456789".utf8), "robots": Array("x".utf8),
    ])

    private func site() -> TestClient {
        TestClient(
            router(middleware: [Compression(), SecurityHeaders()]) { files.mount(on: &$0, headers: SecurityHeaders()) })
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
        // The first to ask for brotli gets gzip; brotli is made meanwhile.
        #expect(await site.get(path, ["Accept-Encoding": "br, gzip"]).fields[.contentEncoding] == "gzip")
        await packingIsDone()
        let small = await site.get(path, ["Accept-Encoding": "gzip, deflate, br"])
        #expect(small.fields[.contentEncoding] == "br")
        #expect(try unbrotli(small.body) == Array(Self.style.utf8))
        let packed = await site.get(path, ["Accept-Encoding": "gzip"])
        #expect(packed.fields[.contentEncoding] == "gzip")
        #expect(try inflate(packed.body) == Array(Self.style.utf8))
        let plain = await site.get(path)
        let tags = try [small, packed, plain].map { try #require($0.fields[.etag]) }
        #expect(Set(tags).count == 3)
        for (accepted, tag) in zip(["br", "gzip", "identity"], tags) {
            let again = await site.get(path, ["Accept-Encoding": accepted, "If-None-Match": tag])
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
            #expect(again.fields[.etag] == tag)
            #expect(again.fields[.vary] == "Accept-Encoding")
        }
        #expect(await site.get(path, ["If-None-Match": tags[0]]).status == 200)
        #expect(await site.get(path, ["If-None-Match": "\"other\""]).status == 200)
        #expect(await site.get(path, ["If-Match": "\"other\""]).status == 412)
    }

    @Test func theFirstToAskGetsWhatWasPackedBefore() async throws {
        let files = StaticFiles(["site.css": Array(Self.style.utf8)])
        let site = TestClient(router { files.mount(on: &$0, headers: SecurityHeaders()) })
        let path = files.asset("site.css")
        // Who takes nothing else is not given what it refuses.
        let only = await site.get(path, ["Accept-Encoding": "br, identity;q=0"])
        #expect(only.status == 200 && only.fields[.contentEncoding] == "br")
        #expect(try unbrotli(only.body) == Array(Self.style.utf8))
        // What was made in a hurry is not kept, nor taken for the better form (RFC 9110 §8.8.1).
        await packingIsDone()
        let better = await site.get(path, ["Accept-Encoding": "br, identity;q=0"])
        #expect(better.body.count < only.body.count && better.fields[.etag] != only.fields[.etag])
        #expect(try unbrotli(better.body) == Array(Self.style.utf8))
        let packed = StaticFiles(["site.css": Array((Self.style + " ").utf8)])
        packed.pack()
        await packingIsDone()
        let first = await TestClient(router { packed.mount(on: &$0, headers: SecurityHeaders()) }).get(
            packed.asset("site.css"), ["Accept-Encoding": "gzip, br"])
        #expect(first.fields[.contentEncoding] == "br")
    }

    @Test func whoTakesNothingIsToldSo() async {
        let site = site()
        #expect(await site.get(files.asset("site.css"), ["Accept-Encoding": "identity;q=0, gzip"]).status == 200)
        for path in ["site.css", "fonts/chu.woff2"] {
            let reply = await site.get(files.asset(path), ["Accept-Encoding": "identity;q=0, deflate"])
            #expect(reply.status == 406)
            #expect(reply.fields[.vary] == "Accept-Encoding")
        }
    }

    /// In a file too, for lines that can send it; one for both lines.
    @Test func longFilesNeedNotBeCopied() throws {
        let bytes = [UInt8](repeating: 7, count: PreparedForms.worthSending)
        let disk = FileManager.default.temporaryDirectory.path
        let forms = PreparedForms(SecurityHeaders(), copiesOn: disk)
        let plain = forms.answer(nil, isSecure: false) { Response(.ok, body: .bytes(bytes)) }
        let secure = forms.answer(nil, isSecure: true) { Response(.ok, body: .bytes(bytes)) }
        let file = try #require(plain.file)
        #expect(try Folder.read(file) == bytes && secure.file?.descriptor == file.descriptor)
        #expect(plain.contentByteCount == bytes.count && plain !== secure)
        let short = forms.answer(.gzip, isSecure: false) { Response(.ok, body: .bytes([1, 2])) }
        #expect(short.file == nil && short.contentByteCount == 2)
        // They need not be in a file either.
        for elsewhere in [nil, disk + "/none"] {
            let forms = PreparedForms(SecurityHeaders(), copiesOn: elsewhere)
            let prepared = forms.answer(nil, isSecure: false) { Response(.ok, body: .bytes(bytes)) }
            #expect(prepared.file == nil && prepared.contentByteCount == bytes.count)
        }
        // Descriptors have a bound, and come back.
        for _ in 0..<2 {
            let many = (0...PreparedForms.copyLimit).map { _ in
                PreparedForms(SecurityHeaders(), copiesOn: disk)
                    .answer(nil, isSecure: false) { Response(.ok, body: .bytes(bytes)) }
            }
            #expect((1..<PreparedForms.copyLimit).contains(many.count { $0.file != nil }))
            #expect(many.allSatisfy { $0.contentByteCount == bytes.count })
        }
    }

    /// Tells which answers were there in bytes, and what route they count for.
    private final class Watched: Responder {
        let router: Router
        let answers = Mutex<[(isPrepared: Bool, route: Int)]>([])

        init(_ router: Router) { self.router = router }

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            let answer = router.answer(head, from: peer)
            let isPrepared = if case .prepared = answer { true } else { false }
            answers.withLock { $0.append((isPrepared, head.route)) }
            return answer
        }
    }

    @Test func everyFileIsFoundByItsWholePath() async {
        let names = (0..<60).map { String(repeating: "a", count: $0 % 7) + "\($0).png" }
        let files = StaticFiles(Dictionary(uniqueKeysWithValues: names.map { ($0, Array($0.utf8)) }))
        let watched = Watched(
            router {
                $0.getReady("/") { _ in .text("x") }
                files.mount(on: &$0, headers: SecurityHeaders())
            })
        let site = TestClient(watched)
        for name in names {
            let path = files.asset(name)
            #expect(await site.get(path).text == name)
            #expect(await site.send(.head, path).status == 200)
            // What is not spelled so, or is more than a path, is found as any other route is.
            #expect(await site.get(path + "?x=1").text == name)
            #expect(await site.get(path.replacing("/static", with: "/%73tatic")).text == name)
            #expect(await site.get(path + "x").status == 404)
            #expect(await site.post(path, []).status == 405)
        }
        let answers = watched.answers.withLock { $0 }
        for (place, answer) in answers.enumerated() where place % 6 < 4 {
            #expect(answer == (place % 6 < 2, 1))
        }
        #expect(answers.count == 6 * names.count && answers.allSatisfy { $0.isPrepared == false || $0.route == 1 })
    }

    /// An answer is made once for each form and line, and one with a condition each time: all say the same.
    @Test func answersInBytesHaveTheFieldsOfTheirLine() async throws {
        let routes = router(middleware: [Compression(), SecurityHeaders()]) {
            files.mount(on: &$0, headers: SecurityHeaders())
        }
        let path = files.asset("site.css")
        files.pack()
        await packingIsDone()
        for isSecure in [true, false, true] {
            let site = TestClient(routes, isSecure: isSecure)
            for coding in ["br", "gzip", "identity"] {
                let kept = await site.get(path, ["Accept-Encoding": coding])
                let made = await site.get(path, ["Accept-Encoding": coding, "If-None-Match": "\"x\""])
                let hsts = kept.fields[FieldName(unchecked: "Strict-Transport-Security")]
                #expect((hsts != nil) == isSecure)
                #expect(kept.fields[.contentSecurityPolicy] != nil && kept.fields[.etag] != nil)
                #expect(kept.body == made.body && kept.status == 200)
                #expect(kept.fields.fields.map(\.value) == made.fields.fields.map(\.value))
            }
        }
    }

    @Test func filesHaveAMoment() async {
        let files = StaticFiles(["a.txt": Array("0123456789".utf8)], modifiedAt: 784_111_777)
        let site = TestClient(router(middleware: []) { files.mount(on: &$0, headers: SecurityHeaders()) })
        let (path, moment) = (files.asset("a.txt"), "Sun, 06 Nov 1994 08:49:37 GMT")
        let reply = await site.get(path)
        #expect(reply.fields[.lastModified] == moment)
        let unchanged = await site.get(path, ["If-Modified-Since": moment])
        #expect(unchanged.status == 304)
        #expect(unchanged.fields[.lastModified] == moment)
        #expect(await site.get(path, ["If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:36 GMT"]).status == 412)
        #expect(await site.get(path, ["Range": "bytes=0-1", "If-Range": moment]).status == 206)
        #expect(
            await site.get(path, ["Range": "bytes=0-1", "If-Range": "Sun, 06 Nov 1994 08:49:38 GMT"]).status == 200)
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

    @Test func severalRangesComeInParts() async throws {
        let bytes = (0..<2_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
        let files = StaticFiles(["a.pdf": bytes])
        let site = TestClient(router(middleware: [Compression()]) { files.mount(on: &$0, headers: SecurityHeaders()) })
        let reply = await site.get(files.asset("a.pdf"), ["Range": "bytes=1500-1509,0-4,20000-,-3"])
        #expect(reply.status == 206)
        #expect(reply.fields[.contentRange] == nil)
        let type = try #require(reply.fields[.contentType])
        let prefix = "multipart/byteranges; boundary="
        #expect(type.hasPrefix(prefix))
        let boundary = String(type.dropFirst(prefix.count))
        func part(_ first: Int, _ last: Int) -> [UInt8] {
            let head = "\r\n--\(boundary)\r\nContent-Type: application/pdf\r\n"
            return Array("\(head)Content-Range: bytes \(first)-\(last)/2000\r\n\r\n".utf8) + bytes[first...last]
        }
        #expect(
            reply.body == part(1500, 1509) + part(0, 4) + part(1997, 1999) + Array("\r\n--\(boundary)--\r\n".utf8))
        let again = await site.get(files.asset("a.pdf"), ["Range": "bytes=1500-1509,0-4"])
        #expect(again.fields[.contentType] != type, "boundaries cannot be foreseen")
        let joined = await site.get(files.asset("a.pdf"), ["Range": "bytes=0-9,5-19"])
        #expect(joined.status == 206)
        #expect(joined.fields[.contentRange] == "bytes 0-19/2000")
        #expect(joined.fields[.contentType] == "application/pdf")
        let greedy = await site.get(files.asset("a.pdf"), ["Range": "bytes=0-,0-,0-"])
        #expect(greedy.status == 200)
    }

    @Test func rangesAreForGETAlone() async {
        let path = files.asset("fonts/chu.woff2")
        let reply = await site().send(.head, path, ["Range": "bytes=0-1"])
        #expect(reply.status == 200)
        #expect(reply.fields[.contentRange] == nil)
        #expect(reply.fields[.acceptRanges] == "bytes")
    }

    @Test func preconditionsComeBeforeRanges() async throws {
        let path = files.asset("fonts/chu.woff2")
        let tag = try #require(await site().get(path).fields[.etag])
        #expect(await site().get(path, ["Range": "bytes=0-1", "If-None-Match": tag]).status == 304)
        #expect(await site().get(path, ["Range": "bytes=0-1", "If-Match": "\"x\""]).status == 412)
        #expect(await site().get(path, ["Range": "bytes=90-", "If-Range": tag]).status == 416)
        #expect(await site().get(path, ["Range": "bytes=0-1", "If-Range": tag]).status == 206)
        #expect(await site().get(path, ["Range": "bytes=0-1", "If-Range": "W/" + tag]).status == 200)
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
