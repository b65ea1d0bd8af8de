import Foundation
import Glibc
import HTTPWire
import Testing

@testable import SocketServer

/// Peers that take their time, and what becomes of them and of the others.
@Suite(.serialized) struct SlowPeersTests {
    @Test func threeHundredSlowPeersDisturbNobody() async throws {
        // On a busy machine this takes longer than the product's patience.
        var limits = ServerLimits()
        limits.headMilliseconds = 300_000
        limits.bodyGraceMilliseconds = 300_000
        limits.writeMilliseconds = 300_000
        try await withServer(limits: limits) { port, server in
            let slow = try await blocking {
                try (0..<300).map { number in
                    let client = try WireClient(port: port, receiveBuffer: 4096)
                    switch number % 3 {
                    case 0: client.send("GET /hello HTTP/1.1\r\nX-Slow: ")
                    case 1: client.send("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\nx")
                    default: client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
                    }
                    return client
                }
            }
            let text = try await blocking {
                // A loop that got no time yet has not taken its share.
                for _ in 0..<100 where server.openConnections < 300 { usleep(50_000) }
                let client = try WireClient(port: port)
                for number in 0..<200 {
                    for peer in stride(from: number % 3, to: 300, by: 30) { slow[peer].send("x") }
                    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = client.text(until: "hello")
                }
                client.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return client.rest()
            }
            #expect(text.hasSuffix("hello"))
            #expect(server.isTurning)
            #expect(server.openConnections >= 300)
        }
    }

    @Test func endsAPeerThatDoesNotRead() async throws {
        var limits = ServerLimits()
        limits.writeMilliseconds = 300
        try await withServer(limits: limits) { port, server in
            let client = try WireClient(port: port, receiveBuffer: 4096)
            client.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
            try await blocking {
                _ = client.text(until: "HTTP/1.1 200")
                // The connection is gone although the client read no more and did not close.
                for _ in 0..<100 where server.openConnections > 0 { usleep(50_000) }
            }
            #expect(server.openConnections == 0)
            let received = try await blocking { client.receive().count }
            #expect(received < 40_000_000)
        }
    }

    @Test(arguments: ["", "Connection: close\r\n"]) func doesNotCutOffAPeerThatKeepsReading(_ more: String) async throws
    {
        var limits = ServerLimits()
        limits.silentMilliseconds = 1_000
        limits.headMilliseconds = 1_000
        limits.keepAliveMilliseconds = 1_000
        try await withServer(limits: limits) { port, _ in
            let received = try await blocking {
                let client = try WireClient(port: port, receiveBuffer: 4096)
                client.send("GET /huge HTTP/1.1\r\nHost: a\r\n\(more)\r\n")
                let start = ContinuousClock.now
                var count = 0
                while start.duration(to: .now) < .milliseconds(2_500) {
                    count += client.receive { !$0.isEmpty }.count
                    usleep(10_000)
                }
                return count + client.receive().count
            }
            #expect(received > 40_000_000)
        }
    }

    @Test func keepsAConnectionThatIsUsed() async throws {
        var limits = ServerLimits()
        limits.keepAliveMilliseconds = 1_500
        try await withServer(limits: limits) { port, _ in
            let answers = try await blocking {
                let client = try WireClient(port: port)
                let start = ContinuousClock.now
                var answers: [String] = []
                while start.duration(to: .now) < .milliseconds(3_500) {
                    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                    answers.append(client.text(until: "hello"))
                    usleep(50_000)
                }
                return answers
            }
            #expect(answers.allSatisfy { $0.hasSuffix("hello") })
        }
    }

    @Test func doesNotWaitForEverForAPeerThatWasRefused() async throws {
        var limits = ServerLimits()
        limits.lingerMilliseconds = 300
        try await withServer(limits: limits) { port, server in
            let client = try WireClient(port: port)
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\nabc")
            let text = try await blocking {
                let text = client.text(until: "413")
                for _ in 0..<100 where server.openConnections > 0 { usleep(50_000) }
                return text
            }
            #expect(text.hasPrefix("HTTP/1.1 413 "))
            #expect(server.openConnections == 0)
        }
    }

    @Test func aPeerThatKeepsSendingAfterARefusalIsCutOff() async throws {
        var limits = ServerLimits()
        limits.discardBytes = 100_000
        try await withServer(limits: limits) { port, server in
            try await blocking {
                let client = try WireClient(port: port)
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n")
                for _ in 0..<400 { client.send([UInt8](repeating: 65, count: 65_536)) }
                for _ in 0..<100 where server.openConnections > 0 { usleep(50_000) }
            }
            #expect(server.openConnections == 0)
        }
    }

    @Test func oneListenersFloodLeavesTheReserveOfTheOthers() {
        var limits = ServerLimits()
        limits.connections = 2
        limits.reservedConnections = 1
        let core = ServerCore(
            limits: limits, observer: nil, errorPage: Server.plainPage, logger: .init(label: "test"))
        let seen = (0..<4).map { core.admit(address: "192.0.2.1", isExempt: true, openHere: $0) }
        #expect(seen == [.admitted, .admitted, .reserve, .full])
        #expect(core.admit(address: "192.0.2.2", isExempt: true, openHere: 0) == .reserve)
        #expect(core.admit(address: "192.0.2.2", isExempt: true, openHere: 1) == .full)
    }

    @Test func onlySoManyConnectionsComeFromOneAddress() async throws {
        var limits = ServerLimits()
        limits.connectionsPerAddress = 2
        // Loopback is exempt as a peer, so the addresses are those that a trusted proxy names.
        let core = ServerCore(
            limits: limits, observer: nil, errorPage: Server.plainPage, logger: .init(label: "test"))
        #expect(core.admit(address: "192.0.2.1", isExempt: false, openHere: 64) == .admitted)
        #expect(core.admit(address: "192.0.2.1", isExempt: false, openHere: 64) == .admitted)
        #expect(core.admit(address: "192.0.2.1", isExempt: false, openHere: 64) == .tooManyFromAddress)
        #expect(core.admit(address: "192.0.2.1", isExempt: true, openHere: 64) == .admitted)
        #expect(core.admit(address: "192.0.2.2", isExempt: false, openHere: 64) == .admitted)
        core.connectionClosed(address: "192.0.2.1")
        core.connectionClosed(address: "192.0.2.1")
        #expect(core.admit(address: "192.0.2.1", isExempt: false, openHere: 64) == .admitted)
        #expect(core.openConnections == 3)
    }

    @Test func aNetworkOfOneSubscriberIsTakenTogether() async throws {
        var limits = ServerLimits()
        limits.connectionsPerAddress = 2
        let core = ServerCore(
            limits: limits, observer: nil, errorPage: Server.plainPage, logger: .init(label: "test"))
        #expect(core.admit(address: "2001:db8::1", isExempt: false, openHere: 64) == .admitted)
        #expect(core.admit(address: "2001:db8::2", isExempt: false, openHere: 64) == .admitted)
        #expect(core.admit(address: "2001:db8::3", isExempt: false, openHere: 64) == .tooManyFromAddress)
        #expect(core.admit(address: "2001:db8:0:1::3", isExempt: false, openHere: 64) == .admitted)
        core.connectionClosed(address: "2001:db8::1")
        #expect(core.admit(address: "2001:db8::3", isExempt: false, openHere: 64) == .admitted)
    }
}

/// Holds its loop until it is let go, which no handler may do.
private struct Stuck: Responder {
    let gate = DispatchSemaphore(value: 0)

    func answer(_ head: RequestHead, from peer: Peer) -> Answer {
        if head.path == "/stuck" { gate.wait() }
        return .ready(Response(.ok, body: .bytes(Array("free".utf8))))
    }
}

@Suite struct StuckLoopTests {
    @Test func aLoopThatHangsIsFoundAndForgivenWhenItTurnsAgain() async throws {
        let stuck = Stuck()
        try await withServer(service: stuck) { port, server in
            #expect(server.turns(within: 5_000))
            let client = try WireClient(port: port)
            client.send("GET /stuck HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let (isFound, text, isForgiven) = try await blocking {
                let isFound = (0..<1_000).contains { _ in
                    usleep(10_000)
                    return !server.turns(within: 50)
                }
                stuck.gate.signal()
                let text = client.rest()
                let isForgiven = (0..<1_000).contains { _ in
                    usleep(10_000)
                    return server.turns(within: 5_000)
                }
                return (isFound, text, isForgiven)
            }
            #expect(isFound)
            #expect(text.hasSuffix("free"))
            #expect(isForgiven && server.isTurning)
        }
    }
}
