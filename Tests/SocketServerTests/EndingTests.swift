import Foundation
import HTTPWire
import Synchronization
import Testing

@testable import SocketServer

/// Connections that end because time passed are counted, by the reason.
@Suite struct EndingTests {
    /// What a scrape shows of `family`, by its last label.
    static func figures(_ family: String, _ server: Server, _ metrics: ServerMetrics? = nil) -> [String: Int] {
        var text = MetricsText(prefix: "")
        server.write(to: &text)
        metrics?.write(to: &text)
        var figures: [String: Int] = [:]
        for line in text.text.split(separator: "\n") where line.hasPrefix(family + "{listener=\"test\",") {
            guard let match = line.wholeMatch(of: #/[^"]+"test",\w+="([^"]+)"\} (\d+)/#) else { continue }
            figures[String(match.1)] = Int(match.2)
        }
        return figures
    }

    private static let none = ["silent": 0, "keep-alive": 0, "write": 0, "linger": 0, "discard": 0, "proxy-header": 0]

    /// Sends each of `texts` on a connection of its own, and returns when the server has ended all of them.
    private func wait(_ limits: ServerLimits, _ texts: [String]) async throws -> (
        ended: [String: Int], refused: [String: Int]
    ) {
        let metrics = ServerMetrics([ServerMetrics.Listener(name: "test", routes: [])])
        var ended: [String: Int] = [:]
        var refused: [String: Int] = [:]
        try await withServer(limits: limits, observer: metrics) { port, server in
            let left = try await blocking {
                let clients = try texts.map { text in
                    let client = try WireClient(port: port, receiveBuffer: 4096)
                    client.send(text)
                    return client
                }
                for client in clients { _ = client.text(until: "HTTP/1.1") }
                for _ in 0..<200 where server.openConnections > 0 { usleep(50_000) }
                return server.openConnections
            }
            #expect(left == 0)
            ended = Self.figures("connections_ended_total", server)
            refused = Self.figures("http_refusals_total", server, metrics)
        }
        return (ended, refused)
    }

    @Test func connectionsWithoutTheirProxyHeaderAreCounted() async throws {
        for proxies in [TrustedProxies.none, try #require(TrustedProxies(["127.0.0.0/8"]))] {
            try await withServer(proxies: proxies, expectsProxyHeader: true) { port, server in
                let left = try await blocking {
                    let client = try WireClient(port: port)
                    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(client.receiveToEnd().text == "")
                    for _ in 0..<200 where server.openConnections > 0 { usleep(50_000) }
                    return server.openConnections
                }
                #expect(left == 0)
                let ended = Self.figures("connections_ended_total", server)
                #expect(ended == Self.none.merging(["proxy-header": 1]) { $1 })
            }
        }
    }

    @Test func silenceIsCounted() async throws {
        var limits = ServerLimits()
        limits.silentMilliseconds = 300
        let figures = try await wait(limits, ["", ""])
        #expect(figures.ended == Self.none.merging(["silent": 2]) { $1 } && figures.refused == [:])
    }

    @Test func idlenessIsCounted() async throws {
        var limits = ServerLimits()
        limits.keepAliveMilliseconds = 300
        let figures = try await wait(limits, ["GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"])
        #expect(figures.ended == Self.none.merging(["keep-alive": 1]) { $1 } && figures.refused == [:])
    }

    @Test func slowReadingIsCounted() async throws {
        var limits = ServerLimits()
        limits.writeMilliseconds = 300
        let figures = try await wait(limits, ["GET /huge HTTP/1.1\r\nHost: a\r\n\r\n"])
        #expect(figures.ended == Self.none.merging(["write": 1]) { $1 } && figures.refused == [:])
    }

    @Test func waitingForAClientThatWasRefusedIsCounted() async throws {
        var limits = ServerLimits()
        limits.lingerMilliseconds = 300
        let figures = try await wait(limits, ["POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\nabc"])
        #expect(figures.ended == Self.none.merging(["linger": 1]) { $1 })
        #expect(figures.refused == ["content longer than the route takes": 1])
    }

    @Test func sendingOnAfterARefusalIsCounted() async throws {
        var limits = ServerLimits()
        limits.lingerMilliseconds = 300_000
        limits.discardBytes = 1_000
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n"
        let figures = try await wait(limits, [head + String(repeating: "x", count: 200_000)])
        #expect(figures.ended == Self.none.merging(["discard": 1]) { $1 })
    }

    /// These are answered: their figure is the refusal's.
    @Test func slowHeadsBodiesAndHandlersAreCountedAsRefusals() async throws {
        var limits = ServerLimits()
        limits.headMilliseconds = 300
        limits.bodyGraceMilliseconds = 300
        limits.handlerMilliseconds = 300
        let figures = try await wait(
            limits,
            [
                "GET / HTTP/1.1\r\nHost: a\r\n", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1",
                "GET /never HTTP/1.1\r\nHost: a\r\n\r\n",
            ])
        #expect(figures.refused == ["too slow": 2, "handler too slow": 1])
        // The first two were still sending.
        #expect(figures.ended == Self.none.merging(["linger": 3]) { $1 })
    }

    /// Every piece shows that the handler is at work, and that somebody is there.
    @Test(arguments: [true, false]) func aStreamThatGoesOnIsNotCut(isReady: Bool) async throws {
        var limits = ServerLimits()
        limits.handlerMilliseconds = 3_000
        limits.silentMilliseconds = 3_000
        for _ in 0..<5 {
            let ticker = Ticker(isReady: isReady)
            var text = ""
            try await withServer(limits: limits, service: ticker) { port, _ in
                text = try await blocking {
                    let client = try WireClient(port: port)
                    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    return client.rest()
                }
            }
            if text.hasSuffix("\r\n4\r\ntick\r\n0\r\n\r\n") { return }
            // On a busy machine a piece may come later than the limit allows: that tells nothing.
            let pause = try await ticker.longestPause()
            try #require(pause > .milliseconds(2_500), "cut between pieces: \(text)")
        }
        Issue.record("the machine stood still each time")
    }

    /// Content that nobody wants comes in a body's time, not in a head's or in silence's.
    @Test func unwantedContentHasABodysTime() async throws {
        var limits = ServerLimits()
        limits.headMilliseconds = 800
        limits.silentMilliseconds = 800
        limits.keepAliveMilliseconds = 800
        try await withServer(limits: limits) { port, _ in
            let text = try await blocking {
                let client = try WireClient(port: port)
                client.send("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
                usleep(1_600_000)
                client.send("67890GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return client.rest()
            }
            #expect(text.contains("hello") && text.contains("404"), "\(text)")
        }
    }

    /// Whom the system let in is served, although nobody had taken the connection when the server was told to stop.
    @Test func whoWaitsToBeTakenIsServedAtAStop() async throws {
        let service = HeldLoop()
        try await withServer(service: service, loops: 1) { port, server in
            let holder = try WireClient(port: port)
            holder.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            await unfailing { _ = service.isHeld.wait(timeout: .now() + 10) }
            async let stopped: Void = server.stop(drainMilliseconds: 5_000)
            let text = try await blocking {
                // The loop is told to stop before the client comes.
                usleep(200_000)
                let client = try WireClient(port: port)
                client.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
                service.gate.signal()
                return client.rest()
            }
            await stopped
            #expect(text.hasPrefix("HTTP/1.1 200 ") && text.hasSuffix("/late"))
        }
    }

    /// Streams for longer than a handler, or a silent connection, may take.
    private final class Ticker: Responder {
        let isReady: Bool
        private let pause = Mutex((longest: Duration.zero, isOver: false))

        init(isReady: Bool) { self.isReady = isReady }

        /// The longest time between two pieces, when the stream is over.
        func longestPause() async throws -> Duration {
            for _ in 0..<1_000 where !pause.withLock({ $0.isOver }) { try await Task.sleep(for: .milliseconds(20)) }
            return pause.withLock { $0.longest }
        }

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            let response = Response(
                .ok,
                body: .stream { [self] writer throws(BodyError) in
                    defer { pause.withLock { $0.isOver = true } }
                    for _ in 0..<8 {
                        let start = ContinuousClock.now
                        try? await Task.sleep(for: .milliseconds(500))
                        pause.withLock { $0.longest = max($0.longest, start.duration(to: .now)) }
                        try await writer.write(Array("tick".utf8))
                    }
                })
            return isReady ? .ready(response) : .later(bodyLimit: 0) { _ in response }
        }
    }
}
