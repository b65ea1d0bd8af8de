import HTTPWire
import Synchronization
import Testing

@testable import Web

@Suite final class PageCacheTests {
    private let cache = PageCache(headers: SecurityHeaders())
    private let made = Mutex(0)
    static let page = Array(String(repeating: "<li>Thủ tục", count: 300).utf8)

    private func get(
        _ key: String = "/", tags: Set<String> = [], _ fields: [(FieldName, String)] = [],
        in cache: PageCache? = nil, page: [UInt8] = page
    ) async throws -> Response {
        var section = HeaderFields()
        for (name, value) in fields { section.append(name, value) }
        return try await (cache ?? self.cache).response(for: key, tags: tags, to: exchange(section)) {
            made.withLock { $0 += 1 }
            return page
        }
    }

    private func exchange(_ fields: HeaderFields = HeaderFields()) -> Exchange {
        let head = RequestHead(method: .get, path: "/", fields: fields)
        return Exchange(head: head, peer: Peer(address: "192.0.2.1", isSecure: true), route: nil)
    }

    private var count: Int { made.withLock { $0 } }

    private func bytes(_ response: Response) -> [UInt8] {
        guard case .bytes(let bytes) = response.body else { return [] }
        return bytes
    }

    @Test func makesAPageOnce() async throws {
        #expect(bytes(try await get()) == Self.page)
        #expect(bytes(try await get()) == Self.page)
        #expect(count == 1)
        _ = try await get("/other")
        #expect(count == 2)
    }

    @Test func answersAtOnceAfterThat() async throws {
        let head = RequestHead(method: .get, path: "/")
        #expect(cache.answer(to: head, isSecure: true) == nil)
        _ = try await get()
        #expect(cache.answer(to: head, isSecure: true)?.response.status == .ok)
        #expect(cache.answer(to: RequestHead(method: .head, path: "/"), isSecure: true) != nil)
        #expect(cache.answer(to: RequestHead(method: .post, path: "/"), isSecure: true) == nil)
        #expect(cache.answer(to: RequestHead(method: .get, path: "/", query: ""), isSecure: true) == nil)
        #expect(cache.answer(to: RequestHead(method: .get, path: "/x"), isSecure: true) == nil)
    }

    @Test func forgetsEverythingWhenItsPeriodEnds() async throws {
        let day = Mutex(1)
        let daily = PageCache(headers: SecurityHeaders()) { day.withLock { $0 } }
        let head = RequestHead(method: .get, path: "/")
        _ = try await get("/", in: daily)
        #expect(daily.answer(to: head, isSecure: true) != nil)
        day.withLock { $0 = 2 }
        #expect(daily.answer(to: head, isSecure: true) == nil)
        #expect(daily.count == 0)
    }

    @Test func keepsTheCompressedForms() async throws {
        // The first to ask for brotli gets gzip; brotli is made meanwhile, off the loops.
        let first = try await get("/", [(.acceptEncoding, "gzip, deflate, br")])
        #expect(first.fields[.contentEncoding] == "gzip")
        #expect(first.fields[.vary] == "Accept-Encoding")
        #expect(try inflate(bytes(first)) == Self.page)
        await packingIsDone()
        let second = try await get("/", [(.acceptEncoding, "gzip, deflate, br")])
        #expect(second.fields[.contentEncoding] == "br")
        #expect(second.fields[.vary] == "Accept-Encoding")
        #expect(second.fields[.etag] == first.fields[.etag])
        #expect(second.fields[FieldName(unchecked: "X-Content-Type-Options")] == "nosniff")
        #expect(try unbrotli(bytes(second)) == Self.page)
        #expect(try await get("/", [(.acceptEncoding, "gzip")]).fields[.contentEncoding] == "gzip")
        #expect(try await get("/", [(.acceptEncoding, "identity;q=0, x")]).status.code == 406)
        #expect(count == 1)
        // What was dropped is made anew, in every form.
        cache.dropAll()
        let changed = try await get("/", [(.acceptEncoding, "br")], page: Self.page + [33])
        #expect(bytes(changed) == Self.page + [33])
        await packingIsDone()
        let packed = try await get("/", [(.acceptEncoding, "br")], page: Self.page + [33])
        #expect(try unbrotli(bytes(packed)) == Self.page + [33])
    }

    @Test func answersNotModified() async throws {
        let etag = try #require(try await get().fields[.etag])
        let response = try await get("/", [(.ifNoneMatch, etag)])
        #expect(response.status == .notModified)
        #expect(response.fields[.etag] == etag)
        #expect(response.fields[.cacheControl] == "public, no-cache")
        cache.dropAll()
        let changed = try await get("/", [(.ifNoneMatch, etag)], page: Self.page + [33])
        #expect(changed.status == .ok)
    }

    @Test func dropsWhatShowsTheTag() async throws {
        _ = try await get("/a", tags: ["procedures", "fees"])
        _ = try await get("/b", tags: ["news"])
        cache.drop(tag: "fees")
        #expect(cache.count == 1)
        _ = try await get("/b")
        #expect(count == 2)
        _ = try await get("/a")
        #expect(count == 3)
    }

    @Test func doesNotKeepAPageThatChangedWhileItWasMade() async throws {
        let cache = cache
        _ = try await cache.response(for: "/", tags: ["fees"], to: exchange()) {
            cache.drop(tag: "fees")
            return Self.page
        }
        #expect(cache.count == 0)
    }

    @Test func staysWithinItsBytes() async throws {
        let small = PageCache(headers: SecurityHeaders(), byteLimit: 20_000)
        for index in 0..<50 { _ = try await get("/\(index)", in: small) }
        #expect((1...5).contains(small.count))
        _ = try await get("/huge", in: small, page: [UInt8](repeating: 1, count: 30_000))
        #expect((1...5).contains(small.count))
    }

    @Test func answersBeforeTheRoutes() async throws {
        let cache = cache
        let site = TestClient(
            router(middleware: [Compression(), SecurityHeaders()], kept: cache) { routes in
                routes.get("/") { exchange in
                    try await cache.response(for: "/", tags: [], to: exchange) { Self.page }
                }
            })
        for _ in 0..<2 {
            let reply = await site.get("/", ["Accept-Encoding": "gzip"])
            #expect(try inflate(reply.body) == Self.page)
            #expect(reply.fields[.cacheControl] == "public, no-cache")
            let names = reply.fields.fields.map(\.name.canonical)
            #expect(names.count == Set(names).count)
            #expect(names.contains("content-security-policy") && names.contains("strict-transport-security"))
            #expect(await site.get("/").body == Self.page)
            #expect(await site.get("/").fields[.contentEncoding] == nil)
        }
    }
}
