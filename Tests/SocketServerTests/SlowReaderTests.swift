import Foundation
import Glibc
import HTTPWire
import Testing

@testable import SocketServer

/// Clients that read an answer slowly: what counts is what reaches them, not what the kernel takes.
@Suite(.serialized) struct SlowReaderTests {
    private struct Long: Responder {
        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            .ready(Response(.ok, body: .bytes([UInt8](repeating: 65, count: Int(head.path.dropFirst()) ?? 0))))
        }
    }

    /// A server whose sockets hold `sendBuffer` bytes each; the kernel keeps twice as much for its own needs.
    private func withSlowServer(
        _ limits: ServerLimits, sendBuffer: Int32, secure: Bool, _ body: (UInt16, Server) async throws -> Void
    ) async throws {
        let certificates = try TestCertificates()
        let tls = secure ? try TLSConfiguration([try certificates.make("one")]) : nil
        try await withServer(limits: limits, service: Long(), tls: tls) { port, server in
            for descriptor in server.listeningSockets.byListener.values.joined() {
                Sockets.set(descriptor, SOL_SOCKET, SO_SNDBUF, sendBuffer)
            }
            try await body(port, server)
        }
    }

    /// Asks for `count` bytes and takes `piece` bytes every `milliseconds`, for twenty seconds at most; returns how many.
    private static func read(
        _ port: UInt16, _ count: Int, piece: Int, every milliseconds: UInt32, secure: Bool
    ) throws -> Int {
        let tls = secure ? try TLSClient(port: port, receiveBuffer: 4096) : nil
        let wire = try tls?.wire ?? WireClient(port: port, receiveBuffer: 4096)
        let request = "GET /\(count) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        if let tls { tls.send(request) } else { wire.send(request) }
        var received = 0
        var buffer = [UInt8](repeating: 0, count: piece)
        let start = ContinuousClock.now
        while start.duration(to: .now) < .seconds(20) {
            // Below TLS: its records are not taken apart.
            let read = recv(wire.descriptor, &buffer, piece, 0)
            guard read > 0 else { break }
            received += read
            usleep(milliseconds * 1000)
        }
        return received
    }

    @Test(arguments: [false, true]) func aFairReaderGetsAllThoughTheKernelTakesNothingForLong(_ secure: Bool)
        async throws
    {
        var limits = ServerLimits()
        limits.writeMilliseconds = 300
        limits.writeBytesPerSecond = 5_000
        try await withSlowServer(limits, sendBuffer: 200_000, secure: secure) { port, server in
            let received = try await blocking {
                try Self.read(port, 700_000, piece: 4096, every: 20, secure: secure)
            }
            #expect(received > 700_000)
            #expect(EndingTests.figures("connections_ended_total", server)["write"] == 0)
        }
    }

    /// Streams so many bytes that all differ from their neighbours.
    private struct Streamed: Responder {
        static let byteCount = 3_000_000
        static func byte(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: (place &* 0x9E37_79B9) &>> 24) }

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            .later(bodyLimit: 0) { _ in
                Response(
                    .ok,
                    body: .stream { writer throws(BodyError) in
                        for start in stride(from: 0, to: Self.byteCount, by: 40_000) {
                            try await writer.write((start..<start + 40_000).map(Self.byte))
                        }
                    })
            }
        }
    }

    /// What waits for a slow client is never all gone before more comes: its storage is emptied from the front.
    @Test func aStreamThatAlwaysLeavesSomethingComesWhole() async throws {
        var limits = ServerLimits()
        limits.outputBacklogBytes = 300_000
        try await withServer(limits: limits, service: Streamed()) { port, server in
            for descriptor in server.listeningSockets.byListener.values.joined() {
                Sockets.set(descriptor, SOL_SOCKET, SO_SNDBUF, 20_000)
            }
            let content = try await blocking {
                let wire = try WireClient(port: port, receiveBuffer: 4096)
                // Without chunks: the connection's end is the content's.
                wire.send("GET / HTTP/1.0\r\n\r\n")
                var received: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 7_001)
                while received.count < 2 * Streamed.byteCount,
                    case let count = recv(wire.descriptor, &buffer, 7_001, 0),
                    count > 0
                {
                    received += buffer[..<count]
                }
                let end = received.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0
                return Array(received[end...])
            }
            #expect(content.count == Streamed.byteCount)
            #expect(content.indices.first { content[$0] != Streamed.byte($0) } == nil)
        }
    }

    @Test(arguments: [false, true]) func whoDripsBelowTheFloorIsEnded(_ secure: Bool) async throws {
        var limits = ServerLimits()
        limits.writeMilliseconds = 2_000
        limits.writeBytesPerSecond = 20_000
        try await withSlowServer(limits, sendBuffer: 1, secure: secure) { port, server in
            let received = try await blocking {
                // Some five thousand a second: the kernel takes more of the answer all the time.
                try Self.read(port, 700_000, piece: 512, every: 100, secure: secure)
            }
            #expect(received < 100_000, "\(received)")
            #expect(EndingTests.figures("connections_ended_total", server)["write"] == 1)
        }
    }
}
