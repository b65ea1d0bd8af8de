import Glibc
import HTTPWire
import Synchronization
import Testing

@testable import SocketServer

/// Every exchange is recorded, once, under a number of its own.
@Suite struct ExchangeRecordTests {
    @Test func refusedHeadsHaveNumbersOfTheirOwn() async throws {
        let keeper = RecordKeeper()
        try await withServer(observer: keeper) { port, _ in
            try await blocking {
                for text in [
                    "GET / HTTP/1.1\n\n", "x\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                ] {
                    let client = try WireClient(port: port)
                    client.send(text)
                    _ = client.rest()
                }
            }
        }
        let numbers = keeper.all.map(\.head.id)
        #expect(numbers.count == 3 && Set(numbers).count == 3 && !numbers.contains(0))
    }

    @Test func whoLeavesBeforeAnAnswerIsRecorded() async throws {
        let keeper = RecordKeeper()
        let service = Unready()
        try await withServer(service: service, observer: keeper) { port, server in
            let left = try await blocking {
                let client = try WireClient(port: port)
                client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
                for _ in 0..<1_000 where service.begun.load(ordering: .relaxed) == 0 { usleep(10_000) }
                client.reset()
                for _ in 0..<200 where server.openConnections > 0 { usleep(50_000) }
                return server.openConnections
            }
            #expect(left == 0)
        }
        let unanswered = keeper.all.filter { $0.head.path == "/never" }
        #expect(unanswered.map(\.statusCode) == [499])
        #expect(unanswered.map(\.refusal?.reason) == ["closed before an answer"])
    }

    /// A handler may read on while it answers: what it sends may depend on it.
    @Test func contentIsReadWhileTheAnswerIsStreamed() async throws {
        try await withServer(service: Mirror()) { port, _ in
            let (first, rest, isClosed, cut) = try await blocking {
                let client = try WireClient(port: port)
                client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
                client.send("3\r\nabc\r\n")
                let first = client.text(until: "abc")
                client.send("2\r\nde\r\n0\r\n\r\n")
                let (rest, isClosed) = client.receiveToEnd()
                let other = try WireClient(port: port)
                other.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nxyz")
                _ = other.text(until: "xyz")
                other.endSending()
                return (first, rest, isClosed, other.rest())
            }
            #expect(first.contains("3\r\nabc\r\n"))
            #expect(rest == "2\r\nde\r\n0\r\n\r\n" && isClosed)
            // It learns that the rest will not come, and says so by an answer without an end.
            #expect(!cut.contains("0\r\n\r\n"))
        }
    }

    /// Has no answer before its task is cancelled.
    private final class Unready: Responder {
        let begun = Atomic<Int>(0)

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            .later(bodyLimit: 0) { [self] _ in
                begun.add(1, ordering: .relaxed)
                while !Task.isCancelled { await Task.yield() }
                return Response(.ok)
            }
        }
    }

    private struct Mirror: Responder {
        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            .later(bodyLimit: 1_000_000) { request in
                Response(
                    .ok,
                    body: .stream { writer throws(BodyError) in
                        while let piece = try await request.body.next() { try await writer.write(piece) }
                    })
            }
        }
    }
}
