import HTTPWire
import Synchronization
import Testing

@testable import Web

final class IncidentLog: Sendable {
    private let held = Mutex<[Incident]>([])
    func add(_ incident: Incident) { held.withLock { $0.append(incident) } }
    var all: [Incident] { held.withLock { $0 } }
}

func router(
    middleware: [any Middleware] = [], kept: PageCache? = nil, log: IncidentLog = IncidentLog(),
    denied: @escaping @Sendable (Exchange) -> Response? = { _ in nil }, _ declare: (inout Routes) -> Void
) -> Router {
    var routes = Routes()
    declare(&routes)
    return Router(routes, middleware: middleware, kept: kept, errors: ErrorPages(log: { log.add($0) }), denied: denied)
}

@Suite struct RouterTests {
    private let site = TestClient(
        router { routes in
            routes.getReady("/") { _ in .text("home") }
            routes.get("/thu-tuc") { .text("list " + ($0.query["tu-khoa"] ?? "-")) }
            routes.get("/thu-tuc/{code}/{slug}") { .text($0.parameter("code") + "|" + $0.parameter("slug")) }
            routes.get("/thu-tuc/moi") { _ in .text("literal") }
            routes.get("/files/{path...}") { .text($0.parameter("path")) }
            routes.get("/number/{n}") { .text(String(try $0.parameter("n") { Int($0) } + 1)) }
            routes.post("/gop-y") { _, _ in .seeOther("/") }
            routes.program(.put, "/api/thing", bodyLimit: 10) { exchange in
                .text(String(try await exchange.body.collect(upTo: 10).count))
            }
            routes.program(.delete, "/api/thing", bodyLimit: 0) { _ in Response(.noContent) }
        })

    @Test(arguments: [
        ("/", 200, "home"),
        ("/thu-tuc", 200, "list -"),
        ("/thu-tuc?tu-khoa=khai%20sinh", 200, "list khai sinh"),
        ("/thu-tuc?tu-khoa=a+b&tu-khoa=c", 200, "list a b"),
        ("/thu-tuc/1.000/x", 200, "1.000|x"),
        ("/thu-tuc/%C4%91/x", 200, "đ|x"),
        ("/thu-tuc/moi", 200, "literal"),
        ("/thu%2Dtuc/moi", 200, "literal"),
        ("/files/a/b/c.txt", 200, "a/b/c.txt"),
        ("/number/41", 200, "42"),
    ])
    func findsTheRoute(_ target: String, _ status: Int, _ text: String) async {
        let reply = await site.get(target)
        #expect(reply.status == status)
        #expect(reply.text == text)
    }

    @Test(arguments: [
        ("/nothing", 404), ("/thu-tuc/1", 404), ("/thu-tuc/1/2/3", 404), ("/number/x", 404), ("/files", 404),
        ("/nothing/", 404), ("/files/", 404),
        ("/a/../b", 400), ("/%2e%2e/x", 400), ("/a/./b", 400), ("/a%00", 400), ("/a%5Cb", 400), ("/a%2Fb", 400),
        ("/%ff", 400), ("/%", 400), ("/%zz", 400), ("//evil.example/x", 400), ("/thu-tuc?a=%zz", 400),
        ("/thu-tuc?a=%ff", 400),
    ])
    func answersPathsItDoesNotServe(_ target: String, _ status: Int) async {
        #expect(await site.get(target).status == status)
    }

    @Test func leadsTrailingSlashesToTheOneAddress() async {
        let reply = await site.get("/thu-tuc/1%20/%C4%91/?x=1&y=%2F")
        #expect(reply.status == 308)
        #expect(reply.fields[.location] == "/thu-tuc/1%20/%C4%91?x=1&y=%2F")
    }

    @Test(arguments: [
        (Method.post, "/", "GET, HEAD, OPTIONS"),
        (Method.get, "/gop-y", "POST, OPTIONS"),
        (Method.head, "/gop-y", "POST, OPTIONS"),
        (Method.post, "/api/thing", "PUT, DELETE, OPTIONS"),
        (Method(unchecked: "BREW"), "/thu-tuc", "GET, HEAD, OPTIONS"),
    ])
    func refusesOtherMethodsWithAllow(_ method: Method, _ path: String, _ allow: String) async {
        let reply = await site.send(method, path)
        #expect(reply.status == 405)
        #expect(reply.fields[.allow] == allow)
    }

    @Test func answersOptions() async {
        let some = await site.send(.options, "/api/thing")
        #expect(some.status == 204)
        #expect(some.fields[.allow] == "PUT, DELETE, OPTIONS")
        let all = await site.send(.options, "*")
        #expect(all.status == 204 && all.fields[.allow] == "DELETE, GET, HEAD, OPTIONS, POST, PUT")
        #expect(await site.send(.get, "*").status == 400)
        let router = router { $0.getReady("/") { _ in .text("home") } }
        let head = RequestHead(method: .options, path: "/", version: .http10)
        guard case .ready(let response) = router.answer(head, from: Peer(address: "::1", isSecure: false)) else {
            Issue.record("a health check waits")
            return
        }
        #expect(response.status == .noContent)
        #expect(response.fields[.allow] == "GET, HEAD, OPTIONS")
    }

    @Test func headFollowsFromGet() async {
        let reply = await site.send(.head, "/thu-tuc")
        #expect(reply.status == 200)
        #expect(reply.fields[.contentType] == "text/plain; charset=utf-8")
        #expect(reply.body.isEmpty)
    }

    @Test func readyRoutesAnswerWithoutATask() {
        let router = router { routes in
            routes.getReady("/a") { _ in .text("ready") }
            routes.get("/b") { _ in .text("made") }
        }
        let peer = Peer(address: "192.0.2.1", isSecure: false)
        guard case .ready = router.answer(RequestHead(method: .get, path: "/a"), from: peer) else {
            Issue.record("not ready")
            return
        }
        guard case .later = router.answer(RequestHead(method: .get, path: "/b"), from: peer) else {
            Issue.record("not made")
            return
        }
    }

    private actor Home {
        func ask(_ respond: @Sendable (Request) async -> Response, _ request: Request) async -> Response {
            await respond(request)
        }
    }

    /// The server's loop is such an actor: a handler that left it would cost two changes of threads.
    @Test func handlersRunWhereTheirCallerDoes() async {
        let home = Home()
        let router = router { routes in
            routes.get("/a") { _ in .text("\(#isolation === home)") }
        }
        let head = RequestHead(method: .get, path: "/a")
        let peer = Peer(address: "192.0.2.1", isSecure: false)
        guard case .later(_, let respond) = router.answer(head, from: peer) else {
            Issue.record("not made")
            return
        }
        let response = await home.ask(respond, Request(head: head, body: .none, peer: peer))
        guard case .bytes(let bytes) = response.body else {
            Issue.record("no text")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == "true")
    }

    @Test func tellsTheServerEachRoutesBodyLimit() async {
        #expect(await site.send(.put, "/api/thing", body: Array("0123456789".utf8)).text == "10")
        #expect(await site.send(.put, "/api/thing", body: Array("0123456789a".utf8)).status == 413)
        #expect(await site.send(.get, "/thu-tuc", body: [1]).status == 413)
    }

    @Test func listsWhatItCanDo() {
        let router = router { routes in
            routes.get("/x", access: .officer(roles: ["leader"])) { _ in .text("") }
            routes.post("/y", access: .session, rules: FormRules(bodyLimit: 9)) { _, _ in .seeOther("/") }
        }
        #expect(router.routes.map { "\($0.method) \($0.pattern) \($0.bodyLimit)" } == ["GET /x 0", "POST /y 9"])
        #expect(router.routes.map(\.access) == [.officer(roles: ["leader"]), .session])
    }

    @Test func localTargetsStayOnTheSite() {
        let code = "../../evil?x=\r\n//"
        #expect(LocalTarget("/ho-so/\(code)").text == "/ho-so/..%2F..%2Fevil%3Fx%3D%0D%0A%2F%2F")
        for foreign in ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "", "a", "/ a"] {
            #expect(LocalTarget(checking: foreign) == nil)
        }
        #expect(LocalTarget(checking: "/can-bo?x=1")?.text == "/can-bo?x=1")
        let gateway = ["https://bank.example/"]
        #expect(Response.seeOther(outside: "https://bank.example/pay?a=1", allowed: gateway)?.status == .seeOther)
        #expect(Response.seeOther(outside: "https://bank.example.evil/pay", allowed: gateway) == nil)
        #expect(Response.seeOther(outside: "https://bank.example/\r\nX: y", allowed: gateway) == nil)
    }
}
