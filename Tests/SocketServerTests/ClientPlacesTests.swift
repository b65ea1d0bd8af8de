import Foundation
import HTTPWire
import Synchronization
import Testing

@testable import SocketServer

/// Who comes through a trusted proxy has a share of the handlers, not all of them.
@Suite struct ClientPlacesTests {
    /// Keeps some requests until it is let go, and answers the others, from a handler or at once.
    private final class Keeper: Responder {
        let gate = AsyncStream<Void>.makeStream()
        let kept = Atomic<Int>(0)

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            if head.path == "/ready" { return .ready(SampleService.text("ready")) }
            return .later(bodyLimit: 0) { [self] request in
                if request.head.path == "/keep" {
                    kept.add(1, ordering: .relaxed)
                    for await _ in gate.stream {}
                }
                return SampleService.text("served")
            }
        }
    }

    private static func request(_ path: String, _ client: String?) -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\n" + (client.map { "X-Forwarded-For: \($0)\r\n" } ?? "") + "\r\n"
    }

    /// Asks one after the other on one connection; returns the contents, or the statuses of refusals.
    private static func ask(_ port: UInt16, _ requests: [(path: String, client: String?)]) throws -> [String] {
        let wire = try WireClient(port: port)
        return requests.map { path, client in
            wire.send(request(path, client))
            let text = String(
                decoding: wire.receive { bytes in
                    let text = String(decoding: bytes, as: UTF8.self)
                    return ["served", "ready", "503 Service Unavailable\n"].contains { text.hasSuffix($0) }
                }, as: UTF8.self)
            return text.hasPrefix("HTTP/1.1 503 ") && text.contains("\r\nRetry-After: ")
                ? "503" : String(text.split(separator: "\r\n\r\n").last ?? "")
        }
    }

    /// While two requests of `client` are in progress asks for `requests`; then lets the two go, and asks once more.
    private func answers(
        _ proxies: TrustedProxies, keeping client: String?, to requests: [(path: String, client: String?)],
        observer: (any ExchangeObserver)? = nil
    ) async throws -> (meanwhile: [String], afterwards: [String]) {
        var limits = ServerLimits()
        limits.requestsPerClient = 2
        limits.handlerMilliseconds = 300_000
        let keeper = Keeper()
        var meanwhile: [String] = []
        var afterwards: [String] = []
        try await withServer(limits: limits, service: keeper, proxies: proxies, observer: observer) { port, server in
            (meanwhile, afterwards) = try await blocking {
                let kept = try (0..<2).map { _ in try WireClient(port: port) }
                for wire in kept { wire.send(Self.request("/keep", client)) }
                for _ in 0..<1_000 where keeper.kept.load(ordering: .relaxed) < 2 { usleep(10_000) }
                let meanwhile = try Self.ask(port, requests)
                keeper.gate.continuation.finish()
                for wire in kept { #expect(wire.text(until: "served").hasSuffix("served")) }
                #expect(server.places.count == 0)
                return (meanwhile, try Self.ask(port, requests))
            }
            #expect(server.places.count == 0)
        }
        return (meanwhile, afterwards)
    }

    @Test func oneClientGetsItsShareAndItsProxysConnectionGoesOn() async throws {
        let trusted = try #require(TrustedProxies(["127.0.0.0/8"]))
        let metrics = RecordKeeper()
        let answers = try await answers(
            trusted, keeping: "203.0.113.7",
            to: [
                ("/later", "203.0.113.7"), ("/later", "203.0.113.8"), ("/later", "203.0.113.7"),
                ("/ready", "203.0.113.7"), ("/later", nil),
            ], observer: metrics)
        #expect(answers.meanwhile == ["503", "served", "503", "ready", "served"])
        #expect(answers.afterwards == ["served", "served", "served", "ready", "served"])
        let refused = metrics.all.compactMap(\.refusal)
        #expect(refused.map(\.reason) == [String](repeating: "too many requests of one client", count: 2))
    }

    @Test func addressesOfOneSubscriberAreOneClient() async throws {
        let trusted = try #require(TrustedProxies(["127.0.0.0/8"]))
        let answers = try await answers(
            trusted, keeping: "2001:db8:1:2::1",
            to: [("/later", "2001:db8:1:2:9::7"), ("/later", "2001:db8:1:3::1")])
        #expect(answers.meanwhile == ["503", "served"])
    }

    @Test func aPlaceIsFreeAsSoonAsTheAnswerIsThere() async throws {
        let trusted = try #require(TrustedProxies(["127.0.0.0/8"]))
        var limits = ServerLimits()
        limits.requestsPerClient = 1
        try await withServer(limits: limits, service: Keeper(), proxies: trusted) { port, _ in
            let text = try await blocking {
                let wire = try WireClient(port: port)
                wire.send(String(repeating: Self.request("/later", "203.0.113.7"), count: 50))
                wire.send("GET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return wire.rest()
            }
            #expect(text.components(separatedBy: "HTTP/1.1 200 OK").count - 1 == 51)
        }
    }

    @Test func whoComesItselfIsNotCounted() async throws {
        let trusted = try #require(TrustedProxies(["127.0.0.0/8"]))
        let proxys = try await answers(trusted, keeping: nil, to: [("/later", nil), ("/later", "203.0.113.7")])
        #expect(proxys.meanwhile == ["served", "served"])
        // Whom nobody believes cannot be another.
        let direct = try await answers(.none, keeping: "203.0.113.7", to: [("/later", "203.0.113.7")])
        #expect(direct.meanwhile == ["served"])
    }
}
