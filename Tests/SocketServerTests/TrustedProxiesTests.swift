import Foundation
import HTTPWire
import Testing

@testable import SocketServer

/// Whose word about the client is believed, and which word.
@Suite struct TrustedProxiesTests {
    /// What comes from 10.0.0.1 over a plain connection, and who is the client then.
    struct Row: Sendable, CustomTestStringConvertible {
        let fields: [String]
        let client: String
        var isSecure = false
        var testDescription: String { fields.joined(separator: " | ") }
    }

    private func expect(_ row: Row, _ field: TrustedProxies.Field) throws {
        var fields = HeaderFields()
        for line in row.fields {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            fields.append(try #require(FieldName(parts[0])), parts[1])
        }
        let proxies = try #require(TrustedProxies(["10.0.0.0/8", "fd00::/8"], writing: field))
        let head = RequestHead(method: .get, path: "/", fields: fields)
        let near = proxies.client(of: head, connection: Peer(address: "10.0.0.1", isSecure: false))
        #expect(near == Peer(address: row.client, isSecure: row.isSecure))
        let stranger = Peer(address: "198.51.100.1", isSecure: false)
        #expect(proxies.client(of: head, connection: stranger) == stranger)
    }

    @Test(arguments: [
        Row(fields: [], client: "10.0.0.1"),
        Row(
            fields: ["X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https"], client: "203.0.113.7", isSecure: true),
        // The proxy passes on what the client wrote into the field that it does not know.
        Row(
            fields: ["Forwarded: for=6.6.6.6;proto=https", "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: http"],
            client: "203.0.113.7"),
        Row(fields: ["Forwarded: for=6.6.6.6;proto=https"], client: "10.0.0.1"),
        // The client's own, lengthened by the proxy in the same line or the next.
        Row(fields: ["X-Forwarded-For: 6.6.6.6, 203.0.113.7"], client: "203.0.113.7"),
        Row(fields: ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 203.0.113.7"], client: "203.0.113.7"),
        Row(fields: ["X-Forwarded-For: \", 203.0.113.7"], client: "203.0.113.7"),
        Row(fields: ["X-Forwarded-For: a\"b", "X-Forwarded-For: 203.0.113.7"], client: "203.0.113.7"),
        Row(fields: ["X-Forwarded-Proto: https", "X-Forwarded-Proto: http"], client: "10.0.0.1"),
        Row(fields: ["X-Forwarded-Proto: http, HTTPS"], client: "10.0.0.1", isSecure: true),
        Row(fields: ["X-Forwarded-Proto: \"", "X-Forwarded-Proto: https"], client: "10.0.0.1", isSecure: true),
        Row(fields: ["X-Forwarded-For: 203.0.113.7, 10.0.0.3, fd00::2"], client: "203.0.113.7"),
        Row(fields: ["X-Forwarded-For: 6.6.6.6, unknown, 10.0.0.3"], client: "10.0.0.3"),
        // Ports and brackets.
        Row(fields: ["X-Forwarded-For: 203.0.113.7:4711"], client: "203.0.113.7"),
        Row(fields: ["X-Forwarded-For: [2001:db8::1]:443"], client: "2001:db8::1"),
        Row(fields: ["X-Forwarded-For: [2001:db8::1]"], client: "2001:db8::1"),
        Row(fields: ["X-Forwarded-For: 203.0.113.7:1, 10.0.0.3:2"], client: "203.0.113.7"),
        // One client has one text.
        Row(fields: ["X-Forwarded-For: 2001:DB8:0:0:0:0:0:1"], client: "2001:db8::1"),
        Row(fields: ["X-Forwarded-For: 203.0.113.7, ::ffff:10.0.0.3"], client: "203.0.113.7"),
        Row(fields: ["X-Forwarded-For: ::ffff:203.0.113.7"], client: "203.0.113.7"),
        Row(fields: ["X-Forwarded-For: [203.0.113.7]"], client: "10.0.0.1"),
        Row(fields: ["X-Forwarded-For: 203.0.113.07"], client: "10.0.0.1"),
    ])
    func readsXForwardedForAlone(_ row: Row) throws { try expect(row, .xForwardedFor) }

    @Test(arguments: [
        Row(fields: ["Forwarded: for=203.0.113.7;proto=https"], client: "203.0.113.7", isSecure: true),
        Row(
            fields: ["Forwarded: for=203.0.113.7", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https"],
            client: "203.0.113.7"),
        Row(fields: ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https"], client: "10.0.0.1"),
        Row(fields: ["Forwarded: for=6.6.6.6;proto=https, for=203.0.113.7;proto=http"], client: "203.0.113.7"),
        Row(fields: ["Forwarded: for=6.6.6.6;x=\"", "Forwarded: for=203.0.113.7"], client: "203.0.113.7"),
        Row(
            fields: ["Forwarded: for=\"[2001:DB8::1]:80\";proto=https, for=10.0.0.3;proto=http"],
            client: "2001:db8::1", isSecure: true),
        Row(fields: ["Forwarded: for=6.6.6.6, for=_hidden"], client: "10.0.0.1"),
    ])
    func readsForwardedAlone(_ row: Row) throws { try expect(row, .forwarded) }

    // MARK: Behind PROXY headers

    private static func request(_ field: String = "") -> String {
        "GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(field)\r\n"
    }

    @Test func onlyAProxyNamedByThePROXYHeaderIsBelieved() async throws {
        let trusted = try #require(TrustedProxies(["127.0.0.1", "10.0.0.0/8"]))
        let block: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
        try await withServer(proxies: trusted, expectsProxyHeader: true) { port, _ in
            for (header, client) in [
                (Array("PROXY TCP4 203.0.113.7 10.0.0.1 1 2\r\n".utf8), "203.0.113.7 false"),
                (Array("PROXY UNKNOWN\r\n".utf8), "127.0.0.1 false"), (block + [0x20, 0, 0, 0], "127.0.0.1 false"),
                (block + [0x21, 0, 0, 0], "127.0.0.1 false"),
                (block + [0x21, 0x12, 0, 12] + [UInt8](repeating: 9, count: 12), "127.0.0.1 false"),
                (Array("PROXY TCP4 10.0.0.9 10.0.0.1 1 2\r\n".utf8), "6.6.6.6 true"),
            ] {
                let text = try await blocking {
                    let wire = try WireClient(port: port)
                    wire.send(header + Self.request("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n").utf8)
                    return wire.rest()
                }
                #expect(text.hasSuffix("\r\n\r\n" + client), "\(header)")
            }
        }
    }

    /// Opens a connection for `client`, and says what it answers; it stays open while somebody has it.
    private static func open(_ port: UInt16, _ client: String) throws -> (wire: WireClient, answer: String) {
        let wire = try WireClient(port: port)
        wire.send("PROXY \(client)\r\nGET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
        let text = wire.text(until: " false")
        return (wire, String(text.components(separatedBy: "\r\n\r\n").last ?? ""))
    }

    @Test func connectionsOfEachClientAreCounted() async throws {
        let trusted = try #require(TrustedProxies(["127.0.0.1", "10.0.0.0/8"]))
        var limits = ServerLimits()
        limits.connectionsPerAddress = 2
        try await withServer(limits: limits, proxies: trusted, expectsProxyHeader: true) { port, server in
            let seven = "TCP4 203.0.113.7 10.0.0.1 1 2"
            try await blocking {
                let first = try Self.open(port, seven)
                var second: (wire: WireClient, answer: String)? = try Self.open(port, seven)
                #expect([first.answer, second?.answer] == ["203.0.113.7 false", "203.0.113.7 false"])
                #expect(try Self.open(port, seven).answer == "")
                #expect(try Self.open(port, "TCP6 ::ffff:203.0.113.7 ::1 1 2").answer == "")
                #expect(try Self.open(port, "TCP4 203.0.113.8 10.0.0.1 1 2").answer == "203.0.113.8 false")
                // Proxies, and who is not named, are not counted.
                let others = try ["UNKNOWN", "TCP4 10.0.0.9 10.0.0.1 1 2"].flatMap { header in
                    try (0..<4).map { _ in try Self.open(port, header) }
                }
                #expect(!others.contains { $0.answer.isEmpty })
                #expect(server.opened[0].gauges.rejectedByAddress.load(ordering: .relaxed) == 2)
                // One that ends gives its place back.
                second = nil
                var again = try Self.open(port, seven)
                for _ in 0..<200 where again.answer.isEmpty {
                    usleep(10_000)
                    again = try Self.open(port, seven)
                }
                #expect(again.answer == "203.0.113.7 false")
                #expect(try Self.open(port, seven).answer == "")
            }
        }
    }

    // MARK: Refusals

    @Test func refusalPagesKnowThatTheClientsConnectionIsSecure() async throws {
        let trusted = try #require(TrustedProxies(["127.0.0.1"]))
        let page: @Sendable (Status, Bool) -> Response = { status, isSecure in
            Response(status, body: .bytes(Array("secure: \(isSecure)".utf8)))
        }
        try await withServer(proxies: trusted, errorPage: page) { port, _ in
            for scheme in ["https", "http"] {
                let text = try await blocking {
                    let wire = try WireClient(port: port)
                    wire.send(
                        "POST /echo HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n"
                            + "X-Forwarded-Proto: \(scheme)\r\nContent-Length: 2000000\r\n\r\n")
                    wire.endSending()
                    return wire.rest()
                }
                #expect(text.hasPrefix("HTTP/1.1 413 ") && text.hasSuffix("secure: \(scheme == "https")"))
            }
        }
    }
}
