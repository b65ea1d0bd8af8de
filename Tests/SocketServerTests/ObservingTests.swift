import Foundation
import Glibc
import HTTPWire
import Testing

@testable import SocketServer

@Suite struct ObservingTests {
    static func record(
        _ path: String, route: Int = -1, status: Status = .ok, microseconds: UInt64 = 70, listener: Int = 0,
        fields: HeaderFields = HeaderFields(), refusal: Refusal? = nil, method: HTTPWire.Method = .get
    ) -> ExchangeRecord {
        let head = RequestHead(method: method, path: path, query: "q=secret", fields: fields)
        head.id = 0x0123_4567_89AB_CDEF
        head.route = route
        return ExchangeRecord(
            listener: "public", listenerNumber: listener, loop: 1, at: 1_700_000_000_123,
            peer: Peer(address: "192.0.2.7", isSecure: true), head: head, statusCode: status.code, byteCount: 321,
            microseconds: microseconds, refusal: refusal)
    }

    private static func lines(of log: (AccessLog) -> Void) throws -> [[String: Any]] {
        let path = FileManager.default.temporaryDirectory.appending(path: "access-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let access = AccessLog(path: path, secretPrefixes: ["/nop/"])
        log(access)
        access.flush()
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test func logsAnExchangeWithoutItsQueryAndSecrets() throws {
        let lines = try Self.lines { log in
            log.exchangeFinished(Self.record("/thu-tuc"))
            log.exchangeFinished(Self.record("/nop/token/giay-to", status: .notFound))
            log.exchangeFinished(Self.record("/nop/token"))
            log.exchangeFinished(Self.record("/\"\\\u{7F}x", refusal: Refusal(.badRequest, "RFC", "bare LF")))
        }
        #expect(lines.map { $0["path"] as? String } == ["/thu-tuc", "/nop/*/giay-to", "/nop/*", "/\"\\\u{7F}x"])
        let first = lines[0]
        #expect(first["id"] as? String == "0123456789abcdef")
        #expect(first["at"] as? Int == 1_700_000_000_123)
        #expect(first["bytes"] as? Int == 321 && first["microseconds"] as? Int == 70)
        #expect(first["status"] as? Int == 200 && first["peer"] as? String == "192.0.2.7")
        #expect(first["refused"] == nil && lines[3]["refused"] as? String == "bare LF")
        #expect(!lines.description.contains("secret") && !lines.description.contains("token"))
    }

    /// A head that could not be read has "-"; a method that nobody knows can hold no quote, but the log need not know.
    @Test(arguments: ["GET", "HEAD", "POST", "-", "GETS", "get", "a\"b"]) func namesTheMethod(_ name: String) throws {
        let lines = try Self.lines { $0.exchangeFinished(Self.record("/", method: HTTPWire.Method(unchecked: name))) }
        #expect(lines.map { $0["method"] as? String } == [name] && lines.first?["path"] as? String == "/")
    }

    /// However it is spelled, it is the page that the routes find.
    @Test func secretsAreMaskedInEverySpelling() throws {
        let paths = [
            "/%6Eop/token/x", "/n%6fp/token", "/nop/%74oken/x", "/NOP/token/x", "//nop//token/x", "/nop/./token",
            "/x/../nop/token", "/nop/token%2Fx", "/nop/%zz/token", "/thu-t%75c", "/.well-known/x", "/nop/.x/token-ten",
        ]
        let lines = try Self.lines { log in for path in paths { log.exchangeFinished(Self.record(path)) } }
        #expect(
            lines.map { $0["path"] as? String } == [
                "/nop/*/x", "/nop/*", "/nop/*/x", "/NOP/*/x", "*", "*", "*", "*", "*", "/thu-tuc", "/.well-known/x",
                "/nop/*/token-ten",
            ])
    }

    @Test func logsTheTraceOfTheCaller() throws {
        var fields = HeaderFields()
        fields.append(.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        let lines = try Self.lines { $0.exchangeFinished(Self.record("/", fields: fields)) }
        #expect(lines[0]["trace"] as? String == "0af7651916cd43dd8448eb211c80319c")
        #expect(lines[0]["parent"] as? String == "b7ad6b7169203331")
    }

    @Test(arguments: [
        "", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
    ]) func ignoresATraceThatIsNone(_ value: String) {
        var fields = HeaderFields()
        fields.append(.traceparent, value)
        #expect(TraceContext(fields) == nil)
    }

    @Test func opensItsFileAgainAfterItWasMovedAway() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "access-\(UUID().uuidString)").path
        defer { for name in [path, path + ".1"] { try? FileManager.default.removeItem(atPath: name) } }
        let log = AccessLog(path: path)
        log.exchangeFinished(Self.record("/before"))
        log.flush()
        rename(path, path + ".1")
        log.reopen()
        log.exchangeFinished(Self.record("/after"))
        log.flush()
        #expect(try String(contentsOfFile: path + ".1", encoding: .utf8).contains("/before"))
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains("/after"))
    }

    @Test func storageForLinesIsUsedAgain() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "access-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = AccessLog(path: path)
        for _ in 0..<100 {
            for _ in 0..<40 { log.exchangeFinished(Self.record("/thu-tuc")) }
            log.flush()
        }
        // One loop speaks: a batch that is filled, and one that was written.
        #expect(log.storageByteCount <= 2 * 16_384)
        #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 4_000)
    }

    @Test func countsByRouteAndStatus() throws {
        let metrics = ServerMetrics([
            ServerMetrics.Listener(
                name: "public", routes: [(method: "GET", path: "/a"), (method: "POST", path: "/b\"")])
        ])
        metrics.exchangeFinished(Self.record("/a", route: 0, microseconds: 100))
        metrics.exchangeFinished(Self.record("/a", route: 0, microseconds: 101))
        metrics.exchangeFinished(Self.record("/a", route: 0, status: .notModified, microseconds: 9_000_000))
        metrics.exchangeFinished(Self.record("/b", route: 1))
        metrics.exchangeFinished(Self.record("-", refusal: Refusal(.badRequest, "RFC", "bare LF")))
        metrics.exchangeFinished(Self.record("/x", route: 99))
        metrics.exchangeFinished(Self.record("/x", listener: 5))
        var text = MetricsText(prefix: "m_")
        metrics.write(to: &text)
        let a = "listener=\"public\",method=\"GET\",route=\"/a\""
        for line in [
            "m_http_requests_total{\(a),status=\"200\"} 2", "m_http_requests_total{\(a),status=\"304\"} 1",
            "m_http_requests_total{listener=\"public\",method=\"POST\",route=\"/b\\\"\",status=\"200\"} 1",
            "m_http_requests_total{listener=\"public\",method=\"\",route=\"\",status=\"200\"} 2",
            "m_http_request_duration_seconds_bucket{\(a),le=\"0.0001\"} 1",
            "m_http_request_duration_seconds_bucket{\(a),le=\"0.00025\"} 2",
            "m_http_request_duration_seconds_bucket{\(a),le=\"5.0\"} 2",
            "m_http_request_duration_seconds_bucket{\(a),le=\"+Inf\"} 3",
            "m_http_request_duration_seconds_count{\(a)} 3", "m_http_response_bytes_total{\(a)} 963",
            "m_http_refusals_total{listener=\"public\",reason=\"bare LF\"} 1",
        ] { #expect(text.text.contains(line + "\n"), "\(line)\n\(text.text)") }
    }

    @Test func countsConnectionsAndTurns() async throws {
        var limits = ServerLimits()
        limits.connections = 1
        limits.reservedConnections = 3
        try await withServer(limits: limits, alwaysAnswered: ["/hello"]) { port, server in
            let (first, told, checked) = try await blocking {
                let first = try WireClient(port: port)
                first.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = first.text(until: "hello")
                let told = try WireClient(port: port)
                told.send("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = told.rest()
                let check = try WireClient(port: port)
                check.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                let checked = check.rest()
                return (first, answer, checked)
            }
            #expect(told.hasPrefix("HTTP/1.1 503 ") && told.contains("Retry-After: 5\r\n"))
            #expect(checked.hasPrefix("HTTP/1.1 200 ") && checked.contains("Connection: close"))
            var text = MetricsText(prefix: "")
            server.write(to: &text)
            #expect(text.text.contains("connections_accepted_total{listener=\"test\"} "))
            #expect(text.text.contains("connections_open{listener=\"test\"} "))
            #expect(!text.text.contains("connections_rejected_total{listener=\"test\",limit=\"server\"} 0\n"))
            #expect(text.text.contains("loop_turn_seconds_bucket{loop=\"1\",le=\"+Inf\"} "))
            withExtendedLifetime(first) {}
        }
    }
}
