import Dispatch
import Foundation
import HTTPWire
import Testing

@testable import SocketServer

/// Handshakes whose output finds no room, and how all of them are counted.
@Suite(.serialized) struct TLSHandshakeTests {
    /// 60 KB, which no socket takes whole whose buffers are as small as the kernel allows.
    private func longChain(_ certificates: TestCertificates) throws -> TLSConfiguration {
        let files = try certificates.make("one")
        let text = try String(contentsOf: URL(filePath: files.chain), encoding: .utf8)
        let long = try certificates.write(String(repeating: text, count: 110), to: "long.pem")
        return try TLSConfiguration([CertificateFiles(chain: long, key: files.key)])
    }

    /// Whatever is accepted from now on inherits it.
    private func takeLittle(_ server: Server) {
        for descriptor in server.listeningSockets.byListener.values.joined() {
            Sockets.set(descriptor, SOL_SOCKET, SO_SNDBUF, 1)
        }
    }

    private static func turns(_ server: Server) -> UInt64 {
        server.loopGauges.reduce(0) { $0 + $1.counts.reduce(0, +) }
    }

    /// How often the loops turned while `milliseconds` passed and nobody had anything to do.
    private static func turns(_ server: Server, in milliseconds: UInt32) -> UInt64 {
        let before = turns(server)
        usleep(milliseconds * 1000)
        return turns(server) - before
    }

    @Test(arguments: [TLSVersion.two, TLSVersion.three])
    func aHandshakeWaitsForRoomAndGoesOn(_ version: Int32) async throws {
        let tls = try longChain(try TestCertificates())
        var limits = ServerLimits()
        limits.silentMilliseconds = 300_000
        try await withServer(limits: limits, tls: tls) { port, server in
            takeLittle(server)
            let (isAnswered, turns, finished) = try await blocking {
                var turns: UInt64 = 0
                var finished: UInt64 = 0
                let client = try TLSClient(port: port, TLSOffer(version: version), receiveBuffer: 1) { wire in
                    // The first bytes are there; the rest waits.
                    _ = wire.isOpen(afterMilliseconds: 10_000)
                    turns = Self.turns(server, in: 600)
                    finished = server.opened[0].gauges.fullHandshakes.load(ordering: .relaxed)
                }
                let isAnswered = client.hello()
                return (isAnswered, turns, finished)
            }
            #expect(isAnswered)
            #expect(turns < 50, "nobody turns while nothing moves: \(turns) turns")
            #expect(finished == 0, "the handshake was not over before the client read")
            #expect(server.opened[0].gauges.fullHandshakes.load(ordering: .relaxed) == 1)
        }
    }

    @Test(arguments: [TLSVersion.two, TLSVersion.three])
    func whoNeverReadsTheHandshakeIsClosed(_ version: Int32) async throws {
        let tls = try longChain(try TestCertificates())
        var limits = ServerLimits()
        limits.silentMilliseconds = 400
        try await withServer(limits: limits, tls: tls) { port, server in
            takeLittle(server)
            let left = try await blocking {
                var left = 1
                _ = try? TLSClient(port: port, TLSOffer(version: version), receiveBuffer: 1) { wire in
                    _ = wire.isOpen(afterMilliseconds: 10_000)
                    for _ in 0..<200 where server.openConnections > 0 { usleep(50_000) }
                    left = server.openConnections
                }
                return left
            }
            #expect(left == 0)
            #expect(
                EndingTests.figures("tls_handshakes_total", server) == [
                    "full": 0, "resumed": 0, "failed": 1, "abandoned": 0,
                ])
        }
    }

    /// Answers at length, reads nothing of what is sent, and then waits.
    private struct Talker: Responder {
        let gate = AsyncStream<Void>.makeStream()

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            .later(bodyLimit: 10_000_000) { _ in
                Response(
                    .ok,
                    body: .stream { [gate] writer throws(BodyError) in
                        for _ in 0..<200 { try await writer.write([UInt8](repeating: 65, count: 65_536)) }
                        try await writer.write(Array("waiting".utf8))
                        for await _ in gate.stream {}
                    })
            }
        }
    }

    /// Output that once had to wait for room leaves nothing behind that wakes the loop again and again.
    @Test func nobodyTurnsAfterTheOutputFoundRoom() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([try certificates.make("one")])
        let talker = Talker()
        var limits = ServerLimits()
        limits.bodyGraceMilliseconds = 300_000
        limits.handlerMilliseconds = 300_000
        limits.writeMilliseconds = 300_000
        try await withServer(limits: limits, service: talker, tls: tls) { port, server in
            let (isWhole, turns) = try await blocking {
                let client = try TLSClient(port: port, receiveBuffer: 4096)
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n")
                // More than is dropped of a body that nobody wants: from then on the server reads no more.
                client.send(String(repeating: "x", count: 300_000))
                let text = client.receive(until: "waiting").text
                return (text.hasSuffix("waiting\r\n"), Self.turns(server, in: 600))
            }
            talker.gate.continuation.finish()
            #expect(isWhole)
            #expect(turns < 50, "nobody turns while nothing moves: \(turns) turns")
        }
    }

    @Test(arguments: [TLSVersion.two, TLSVersion.three])
    func everyHandshakeIsCountedByItsEnd(_ version: Int32) async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([try certificates.make("one")])
        try await withServer(tls: tls) { port, server in
            let stands = try await blocking {
                try Self.visits(port, version)
                for _ in 0..<200 where server.openConnections > 0 { usleep(50_000) }
                return server.openConnections
            }
            #expect(stands == 0)
            let expected = ["full": 2, "resumed": 2, "failed": 3, "abandoned": 3]
            #expect(EndingTests.figures("tls_handshakes_total", server) == expected)
        }
    }

    /// Clients of every kind, gone when this returns.
    private static func visits(_ port: UInt16, _ version: Int32) throws {
        for _ in 0..<3 {
            // Probes of the port say nothing.
            let probe = try WireClient(port: port)
            probe.endSending()
            _ = probe.receive()
        }
        let first = try TLSClient(port: port, TLSOffer(version: version))
        #expect(first.hello())
        let ticket = first.ticket()
        for _ in 0..<2 {
            let again = try TLSClient(port: port, TLSOffer(version: version, session: ticket))
            #expect(again.hello())
            #expect(again.isResumed)
        }
        #expect(try TLSClient(port: port, TLSOffer(version: version)).hello())
        let plain = try WireClient(port: port)
        plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = plain.rest()
        #expect(throws: TLSClient.Refused.self) {
            try TLSClient(port: port, TLSOffer(version: version, protocols: ["h2"]))
        }
        let half = try WireClient(port: port)
        half.send([22, 3, 1])
        half.endSending()
        _ = half.receive()
    }
}
