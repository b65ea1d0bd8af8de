import HTTPWire
import Platform
import Testing

@testable import Web

private struct Unforeseen: Error {}
private struct StoreFull: Error {}

@Suite struct ErrorPagesTests {
    @Test func unforeseenErrorsShowOnlyTheCodeThatTheLogHas() async throws {
        let log = IncidentLog()
        let site = TestClient(
            router(log: log) { routes in
                routes.get("/waits/{name}") { _ in throw Unforeseen() }
                routes.getReady("/ready") { _ in throw Unforeseen() }
            })
        for path in ["/waits/nguyen-van-a", "/ready"] {
            let reply = await site.get(path)
            #expect(reply.status == 500)
            let incident = try #require(log.all.last)
            #expect(reply.text == "500 Internal Server Error\n\(incident.code)\n")
            #expect(incident.error is Unforeseen)
            #expect(incident.code.count == 9)
        }
        #expect(log.all.map(\.pattern) == ["/waits/{name}", "/ready"])
        #expect(Set(log.all.map(\.exchangeNumber)).count == 2)
    }

    @Test func knownErrorsAreNoIncidents() async {
        let log = IncidentLog()
        var routes = Routes()
        let queue = WorkQueue(name: "full", width: 1, backlogLimit: 0)
        routes.get("/busy") { _ in try await queue.run { .text("never") } }
        routes.get("/full") { _ in throw StoreFull() }
        routes.get("/gone") { _ in throw Refused(.gone) }
        routes.program(.post, "/large", bodyLimit: 100) { exchange in
            .text(String(try await exchange.body.collect(upTo: 1).count))
        }
        let errors = ErrorPages(
            classify: { $0 is StoreFull ? Refused(.serviceUnavailable, "full", retryAfterSeconds: 60) : nil },
            log: { log.add($0) })
        let site = TestClient(Router(routes, middleware: [], errors: errors))
        let busy = await site.get("/busy")
        #expect(busy.status == 503)
        #expect(busy.fields[.retryAfter] == "5")
        let full = await site.get("/full")
        #expect(full.status == 503)
        #expect(full.fields[.retryAfter] == "60")
        #expect(await site.get("/gone").status == 410)
        #expect(await site.send(.post, "/large", body: [1, 2]).status == 413)
        #expect(log.all.isEmpty)
    }
}
