import Testing

@testable import HTTPWire

/// Heads that are served, and heads that are refused: bytes, status, rule.
@Suite struct RequestParserTests {
    static func parse(_ text: String, limits: WireLimits = WireLimits()) -> Result<ParsedHead?, Refusal> {
        var parser = RequestParser(limits: limits)
        return Array(text.utf8).withUnsafeBytes { bytes in
            do throws(Refusal) { return .success(try parser.parse(bytes)) } catch { return .failure(error) }
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let bytes: String
        let status: Int
        let section: String
        var testDescription: String { bytes.debugDescription }
    }

    static let host = "Host: a\r\n"
    static let refused: [Refused] = [
        .init(bytes: "GET /\r\n\r\n", status: 400, section: "RFC 9112 §3"),
        .init(bytes: "GET  / HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §3"),
        .init(bytes: "GET / HTTP/1.1 \r\n\(host)\r\n", status: 400, section: "RFC 9112 §2.3"),
        .init(bytes: "GET / http/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §2.3"),
        .init(bytes: "GET / HTTP/2.0\r\n\(host)\r\n", status: 505, section: "RFC 9110 §15.6.6"),
        .init(bytes: "GET / HTTP/0.9\r\n\(host)\r\n", status: 505, section: "RFC 9110 §15.6.6"),
        .init(bytes: "G(T / HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §3.1"),
        .init(bytes: "GET x HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET /a#b HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET /a\\b HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET /\u{1} HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET /\u{E9} HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET * HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §3.2.4"),
        .init(bytes: "GET http://us er/ HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §2.3"),
        .init(bytes: "GET http://u@h/ HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §3.2.2"),
        .init(bytes: "GET ftp://h/ HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "CONNECT a:443 HTTP/1.1\r\n\(host)\r\n", status: 501, section: "RFC 9110 §9.3.6"),
        .init(bytes: "GET / HTTP/1.1\r\n\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET / HTTP/1.1\r\nHost:\r\n\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", status: 400, section: "RFC 9112 §3.2"),
        .init(bytes: "GET / HTTP/1.1\n\(host)\r\n", status: 400, section: "RFC 9112 §2.2"),
        .init(bytes: "GET / HTTP/1.1\r\nHost: a\n\r\n", status: 400, section: "RFC 9112 §2.2"),
        .init(bytes: "\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n", status: 400, section: "RFC 9112 §2.2"),
        .init(bytes: "GET / HTTP/1.1\r\n\(host)X: a\rb\r\n\r\n", status: 400, section: "RFC 9110 §5.5"),
        .init(bytes: "GET / HTTP/1.1\r\n\(host)X: a\u{0}b\r\n\r\n", status: 400, section: "RFC 9110 §5.5"),
        .init(bytes: "GET / HTTP/1.1\r\n\(host)X: a\r\n b\r\n\r\n", status: 400, section: "RFC 9112 §5.2"),
        .init(bytes: "GET / HTTP/1.1\r\n\(host)X : a\r\n\r\n", status: 400, section: "RFC 9112 §5.1"),
        .init(bytes: "GET / HTTP/1.1\r\n\(host): a\r\n\r\n", status: 400, section: "RFC 9112 §5.1"),
        .init(bytes: "GET / HTTP/1.1\r\n\(host)Xa\r\n\r\n", status: 400, section: "RFC 9112 §5"),
        .init(
            bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", status: 400,
            section: "RFC 9112 §6.3"),
        .init(
            bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 2\r\n\r\n", status: 400,
            section: "RFC 9110 §8.6"),
        .init(bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: 1, 1\r\n\r\n", status: 400, section: "RFC 9110 §8.6"),
        .init(bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: +1\r\n\r\n", status: 400, section: "RFC 9110 §8.6"),
        .init(bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", status: 400, section: "RFC 9110 §8.6"),
        .init(bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: 0x1\r\n\r\n", status: 400, section: "RFC 9110 §8.6"),
        .init(bytes: "POST / HTTP/1.1\r\n\(host)Content-Length:\r\n\r\n", status: 400, section: "RFC 9110 §8.6"),
        .init(
            bytes: "POST / HTTP/1.1\r\n\(host)Content-Length: 99999999999999999999\r\n\r\n", status: 413,
            section: "RFC 9110 §15.5.14"),
        .init(bytes: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", status: 400, section: "RFC 9112 §6.1"),
        .init(
            bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip\r\n\r\n", status: 501, section: "RFC 9112 §6.1"),
        .init(
            bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n", status: 501,
            section: "RFC 9112 §6.1"),
        .init(
            bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, chunked\r\n\r\n", status: 400,
            section: "RFC 9112 §6.1"),
        .init(
            bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            status: 400, section: "RFC 9112 §6.1"),
        .init(bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding:\r\n\r\n", status: 400, section: "RFC 9112 §6.1"),
        .init(
            bytes: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n", status: 501,
            section: "RFC 9112 §6.1"),
        .init(bytes: "POST / HTTP/1.1\r\n\(host)Expect: coffee\r\n\r\n", status: 417, section: "RFC 9110 §10.1.1"),
        .init(
            bytes: "GET /" + String(repeating: "a", count: 16_384) + " HTTP/1.1\r\n\(host)\r\n", status: 414,
            section: "RFC 9112 §3"),
        .init(bytes: "GET /" + String(repeating: "a", count: 17_000), status: 414, section: "RFC 9112 §3"),
        .init(
            bytes: "GET / HTTP/1.1\r\n\(host)X: " + String(repeating: "a", count: 33_000), status: 431,
            section: "RFC 6585 §5"),
        .init(
            bytes: "GET / HTTP/1.1\r\n\(host)" + String(repeating: "X: a\r\n", count: 100) + "\r\n", status: 431,
            section: "RFC 6585 §5"),
        .init(bytes: "\u{16}\u{3}\u{1}", status: 400, section: "RFC 9112 §3"),
    ]

    @Test(arguments: refused) func refuses(_ row: Refused) throws {
        guard case .failure(let refusal) = RequestParserTests.parse(row.bytes) else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.status.code == row.status)
        #expect(refusal.section == row.section)
    }

    struct Accepted: Sendable, CustomTestStringConvertible {
        let bytes: String
        var path = "/"
        var query: String?
        var framing = BodyFraming.none
        var keepAlive = true
        var host: String? = "a"
        var testDescription: String { bytes.debugDescription }
    }

    static let accepted: [Accepted] = [
        .init(bytes: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init(bytes: "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init(bytes: "GET / HTTP/1.1\r\nhOsT: \t a \t\r\n\r\n"),
        .init(bytes: "GET /a?b=%20c&d|e HTTP/1.1\r\nHost: a:80\r\n\r\n", path: "/a", query: "b=%20c&d|e", host: "a:80"),
        .init(bytes: "GET /? HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", query: "", host: "[::1]:80"),
        .init(bytes: "GET http://b/x?y HTTP/1.1\r\nHost: a\r\n\r\n", path: "/x", query: "y", host: "b"),
        .init(bytes: "GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n", host: "b"),
        .init(bytes: "GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n", query: "y", host: "b"),
        .init(bytes: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", path: "*"),
        .init(bytes: "OPTIONS / HTTP/1.0\r\n\r\n", keepAlive: false, host: nil),
        .init(bytes: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", host: nil),
        .init(bytes: "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n", keepAlive: false),
        .init(bytes: "GET / HTTP/1.9\r\nHost: a\r\n\r\n"),
        .init(bytes: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
        .init(bytes: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 07\r\n\r\n", framing: .length(7)),
        .init(bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", framing: .chunked),
        .init(bytes: "GET / HTTP/1.1\r\nHost: a\r\nEmpty:\r\n\r\n"),
    ]

    @Test(arguments: accepted) func accepts(_ row: Accepted) throws {
        let parsed = try #require(try RequestParserTests.parse(row.bytes + "next").get())
        #expect(parsed.head.path == row.path)
        #expect(parsed.head.query == row.query)
        #expect(parsed.framing == row.framing)
        #expect(parsed.keepAlive == row.keepAlive)
        #expect(parsed.head.fields[.host] == row.host)
        #expect(parsed.byteCount == row.bytes.utf8.count)
    }

    @Test(arguments: accepted) func everyPrefixIsIncomplete(_ row: Accepted) throws {
        let bytes = Array(row.bytes.utf8)
        var parser = RequestParser()
        for count in 0..<bytes.count {
            let parsed = try bytes[..<count].withUnsafeBytes { try parser.parse($0) }
            #expect(parsed == nil, "complete after \(count) bytes")
        }
        let parsed = try bytes.withUnsafeBytes { try parser.parse($0) }
        #expect(parsed?.byteCount == bytes.count)
    }

    @Test func tellsWhenTheClientWaitsForPermission() throws {
        let text = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n"
        #expect(try RequestParserTests.parse(text).get()?.expectsContinue == true)
        let bodyless = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"
        #expect(try RequestParserTests.parse(bodyless).get()?.expectsContinue == false)
    }
}
