import Foundation
import Glibc
import HTTPWire
import Synchronization
import Testing

@testable import SocketServer

/// Limits over real sockets that have no better place. The times are tried by a wound clock in `ConnectionStateTests`, and over
/// sockets in `ServerTests` (silent, head, kept, body, handler, stopping), `SlowReaderTests` (reading) and `EndingTests`
/// (lingering, with what counts them); targets and heads in `ServerTests`; connections, their reserve and the share of an
/// address in `ServerTests`, `ObservingTests` and `SlowPeersTests`; what is dropped of a body in `SlowPeersTests`.
@Suite(.serialized) struct LimitTests {
    @Test(arguments: [
        // The limit holds to the byte.
        ("1;a=\(String(repeating: "b", count: 36))\r\nx\r\n0\r\n\r\n", "200"),
        ("1;a=\(String(repeating: "b", count: 37))\r\nx\r\n0\r\n\r\n", "400"),
        ("1\r\nx\r\n0\r\nA: \(String(repeating: "b", count: 297))\r\n\r\n", "200"),
        ("1\r\nx\r\n0\r\nA: \(String(repeating: "b", count: 298))\r\n\r\n", "431"),
    ]) func linesOfChunksAndTrailersAreBounded(_ content: String, _ status: String) async throws {
        var limits = ServerLimits()
        limits.wire.chunkLineBytes = 40
        limits.wire.trailerBytes = 300
        try await withServer(limits: limits) { port, _ in
            let text = try await blocking {
                let client = try WireClient(port: port)
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
                client.send(content)
                return client.text(until: status)
            }
            #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(text)")
        }
    }

    /// Neither reads the content nor answers, until it is let go; or writes without end, counting.
    private final class Busy: Responder {
        let gate = AsyncStream<Void>.makeStream()
        let written = Atomic<Int>(0)

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            .later(bodyLimit: 1_000_000) { [self] request in
                guard request.head.path == "/write" else {
                    for await _ in gate.stream {}
                    return Response(.ok)
                }
                return Response(
                    .ok,
                    body: .stream { [self] writer throws(BodyError) in
                        while true {
                            try await writer.write([UInt8](repeating: 65, count: 1_000))
                            written.add(1_000, ordering: .relaxed)
                        }
                    })
            }
        }
    }

    /// Fifty thousand bytes are more than the one backlog and less than the other: only a client that is held back waits for
    /// the handler, and is told so.
    @Test(arguments: [(10_000, true), (60_000, false)]) func unreadContentHoldsTheClientBack(
        _ backlog: Int, _ isHeldBack: Bool
    ) async throws {
        var limits = ServerLimits()
        limits.bodyBacklogBytes = backlog
        limits.bodyGraceMilliseconds = 300_000
        limits.handlerMilliseconds = 300
        let busy = Busy()
        try await withServer(limits: limits, service: busy) { port, _ in
            let text = try await blocking {
                let client = try WireClient(port: port)
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n")
                client.send([UInt8](repeating: 65, count: 50_000))
                return client.isOpen(afterMilliseconds: 1_500) ? "" : client.text(until: "503")
            }
            #expect(text.hasPrefix("HTTP/1.1 503 ") == isHeldBack, "\(text)")
            busy.gate.continuation.finish()
        }
    }

    @Test(arguments: [10_000, 1_000_000]) func unsentOutputHoldsTheHandlerBack(_ backlog: Int) async throws {
        var limits = ServerLimits()
        limits.outputBacklogBytes = backlog
        limits.writeMilliseconds = 300_000
        let busy = Busy()
        try await withServer(limits: limits, service: busy) { port, server in
            for descriptor in server.listeningSockets.byListener.values.joined() {
                Sockets.set(descriptor, SOL_SOCKET, SO_SNDBUF, 1)
            }
            // The frames of chunks count too.
            let least = backlog * 9 / 10
            let written = try await blocking {
                let client = try WireClient(port: port, receiveBuffer: 1)
                client.send("GET /write HTTP/1.1\r\nHost: a\r\n\r\n")
                for _ in 0..<1_000 where busy.written.load(ordering: .relaxed) < least { usleep(10_000) }
                // It would go on if it could.
                usleep(300_000)
                return busy.written.load(ordering: .relaxed)
            }
            // The kernel's own buffers are as small as they can be.
            #expect(written >= least && written < backlog + 50_000, "\(written)")
        }
    }

    @Test func aLoopTakesSoManyConnectionsATurn() async throws {
        var limits = ServerLimits()
        limits.acceptsPerTurn = 1
        let stuck = DispatchSemaphore(value: 0)
        try await withServer(limits: limits, service: Holding(gate: stuck)) { port, server in
            let answers = try await blocking {
                // Both loops are held while the queues of new connections fill; then each turn takes one.
                let holders = try (0..<8).map { _ in try WireClient(port: port) }
                for holder in holders { holder.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n") }
                let clients = try (0..<100).map { _ in try WireClient(port: port) }
                for client in clients { client.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") }
                for _ in holders { stuck.signal() }
                return clients.map { $0.rest() }.filter { $0.hasSuffix("hello") }.count
            }
            #expect(answers == 100)
            let turns = server.loopGauges.reduce(0) { $0 + $1.counts.reduce(0, +) }
            #expect(turns >= 108, "\(turns)")
        }
    }

    /// Holds its loop, which no handler may do.
    private struct Holding: Responder {
        let gate: DispatchSemaphore

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            if head.path == "/hold" { gate.wait() }
            return .ready(SampleService.text("hello"))
        }
    }
}
