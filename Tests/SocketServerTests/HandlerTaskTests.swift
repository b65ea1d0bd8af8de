import Foundation
import Glibc
import HTTPWire
import Synchronization
import Testing

@testable import SocketServer

/// Handlers run on the loop that read their request, and come back to it from wherever they waited.
@Suite struct HandlerTaskTests {
    /// Answers how many threads it saw, and whether it left them once.
    private struct Threads: Responder {
        let seen = Seen()

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            .later(bodyLimit: 1_000) { request in
                seen.note()
                await step()
                if head.path == "/elsewhere" { await leave() }
                seen.note()
                while (try? await request.body.next()) != nil { seen.note() }
                return Response(
                    .ok,
                    body: .stream { writer throws(BodyError) in
                        seen.note()
                        try await writer.write(Array("x".utf8))
                        seen.note()
                    })
            }
        }

        private func step() async { seen.note() }

        /// As the store does: its own thread goes on with whoever waited.
        private func leave() async {
            await withCheckedContinuation { waiting in
                Thread.detachNewThread {
                    seen.noteElsewhere()
                    waiting.resume()
                }
            }
        }
    }

    private final class Seen: Sendable {
        private let threads = Mutex<(here: Set<UInt>, elsewhere: Set<UInt>, notes: Int)>(([], [], 0))

        func note() { threads.withLock { $0 = ($0.here.union([UInt(pthread_self())]), $0.elsewhere, $0.notes + 1) } }
        func noteElsewhere() { threads.withLock { _ = $0.elsewhere.insert(UInt(pthread_self())) } }
        var all: (here: Set<UInt>, elsewhere: Set<UInt>, notes: Int) { threads.withLock { $0 } }
    }

    @Test(arguments: ["/here", "/elsewhere"]) func handlersStayOnTheirLoop(path: String) async throws {
        let service = Threads()
        try await withServer(service: service) { port, _ in
            let text = try await blocking {
                let client = try WireClient(port: port)
                client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\na")
                client.send("b")
                return client.rest()
            }
            #expect(text.contains("200 OK"))
            let seen = service.seen.all
            #expect(seen.here.count == 1, "one thread")
            #expect(seen.notes >= 6)
            #expect(seen.elsewhere.count == (path == "/elsewhere" ? 1 : 0))
            #expect(seen.here.isDisjoint(with: seen.elsewhere), "the handler came back")
        }
    }

    /// A handler that need not wait has answered before the next request of the same read begins: their answers leave in
    /// one call.
    @Test func answersOfOneReadLeaveTogether() async throws {
        try await withServer { port, _ in
            let pieces = try await blocking {
                let client = try WireClient(port: port)
                let one = "GET /ignore HTTP/1.1\r\n\(ServerTests.host)\r\n"
                client.send(String(repeating: one, count: 16))
                return String(decoding: client.receive(until: { !$0.isEmpty }), as: UTF8.self)
            }
            #expect(pieces.components(separatedBy: "200 OK").count == 17, "\(pieces)")
        }
    }
}
