import Foundation
import Testing

@testable import SocketServer

/// How connections over TLS begin, stall and end.
@Suite struct TLSConnectionTests {
    /// A record that announces a ClientHello of 300 bytes, and its beginning.
    private static let beginning: [UInt8] = [22, 3, 1, 1, 44, 1, 0, 1, 40, 3, 3, 7, 7, 7]

    @Test func aHandshakeThatStallsIsClosed() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([try certificates.make("one")])
        var limits = ServerLimits()
        limits.silentMilliseconds = 400
        try await withServer(limits: limits, tls: tls) { port, server in
            for bytes in [[], [22], TLSConnectionTests.beginning] as [[UInt8]] {
                let left = try await blocking {
                    let client = try WireClient(port: port)
                    client.send(bytes)
                    return client.receive()
                }
                #expect(left == [], "closed without a word, long before the client's own ten seconds")
            }
            // One that drips a byte at a time cannot push the deadline forward.
            let dripped = try await blocking {
                let client = try WireClient(port: port)
                var sent = 0
                for byte in TLSConnectionTests.beginning + [UInt8](repeating: 7, count: 200) {
                    client.send([byte])
                    sent += 1
                    if !client.isOpen(afterMilliseconds: 25) { break }
                }
                return sent
            }
            #expect(dripped < 150)
        }
    }

    /// A range of a file goes through the output in pieces: neither what stands before it nor what follows leaves with it.
    @Test func sendsAPartOfAFile() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "part-\(UUID().uuidString)").path
        let bytes = (0..<1_000_000).map { UInt8(97 + ($0 &* 31) % 26) }
        try Data(bytes).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        let part = ServerTests.Region(descriptor: descriptor, offset: 70_001, byteCount: 200_003)
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([try certificates.make("one")])
        try await withServer(service: SampleService(file: part), tls: tls) { port, _ in
            let received = try await blocking {
                let client = try TLSClient(port: port, TLSOffer(version: TLSVersion.three))
                client.send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return client.receive()
            }
            let start = try #require(received.text.firstRange(of: "\r\n\r\n")).upperBound
            #expect(received.text[start...].utf8.elementsEqual(bytes[70_001..<270_004]) && received.isWhole == true)
        }
    }

    @Test func theClientLearnsThatItHasEverything() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([try certificates.make("one")])
        try await withServer(tls: tls) { port, _ in
            for version in [TLSVersion.two, TLSVersion.three] {
                let closed = try await blocking {
                    let client = try TLSClient(port: port, TLSOffer(version: version))
                    client.send("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    return client.receive()
                }
                #expect(closed.text.count > 3_000_000)
                #expect(closed.isWhole == true, "close_notify before the end")
                let halfClosed = try await blocking {
                    let client = try TLSClient(port: port, TLSOffer(version: version))
                    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
                    client.endSending()
                    return client.receive()
                }
                #expect(halfClosed.text.contains("hello") && halfClosed.text.hasSuffix("127.0.0.1 true"))
                #expect(halfClosed.isWhole == true)
            }
        }
    }

    @Test func requestsInOneRecordAndAcrossRecordsAreAllAnswered() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([try certificates.make("one")])
        try await withServer(tls: tls) { port, _ in
            let answered = try await blocking {
                let client = try TLSClient(port: port)
                let request = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                for _ in 0..<50 { client.send(request) }
                client.send(String(repeating: request, count: 1_000))
                for character in request { client.send(String(character)) }
                client.send("GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return client.receive().text
            }
            #expect(answered.components(separatedBy: "HTTP/1.1 200 OK").count - 1 == 1_052)
        }
    }

    @Test func plainHTTPIsToldWhereItIs() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([try certificates.make("one")])
        try await withServer(tls: tls) { port, server in
            for request in [
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            ] {
                let answer = try await blocking {
                    let client = try WireClient(port: port)
                    client.send(request)
                    return client.rest()
                }
                #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
                #expect(answer.hasSuffix("\r\n\r\n400 Bad Request: use https:// here\n"))
                #expect(
                    answer.contains("Content-Length: \(answer.components(separatedBy: "\r\n\r\n")[1].utf8.count)\r\n"))
            }
            let noise = try await blocking {
                let client = try WireClient(port: port)
                client.send("\u{1}\u{2}noise that is neither\r\n\r\n")
                return String(decoding: client.receive().prefix(5), as: UTF8.self)
            }
            #expect(!noise.hasPrefix("HTTP"))
        }
    }

    /// A chain of 60 KB takes four records.
    @Test func aLongChainIsSent() async throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("one")
        let text = try String(contentsOf: URL(filePath: files.chain), encoding: .utf8)
        let long = try certificates.write(String(repeating: text, count: 110), to: "long.pem")
        let tls = try TLSConfiguration([CertificateFiles(chain: long, key: files.key)])
        try await withServer(tls: tls) { port, _ in
            for version in [TLSVersion.two, TLSVersion.three] {
                let isAnswered = try await blocking {
                    try TLSClient(port: port, TLSOffer(version: version), receiveBuffer: 4096).hello()
                }
                #expect(isAnswered)
            }
        }
    }

    /// Bytes that come while whole records wait inside OpenSSL: their event comes before a read that asks the socket nothing.
    @Test func bytesThatComeWhileRecordsWaitAreReadToo() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([try certificates.make("one")])
        let service = HeldLoop()
        try await withServer(service: service, tls: tls) { port, _ in
            let text = try await blocking {
                func request(_ path: String, ofBytes count: Int) -> String {
                    let start = "GET \(path) HTTP/1.1\r\nHost: a\r\nX: "
                    return start + String(repeating: "x", count: count - start.utf8.count - 4) + "\r\n\r\n"
                }
                let client = try TLSClient(port: port)
                func hold() { _ = service.isHeld.wait(timeout: .now() + 10) }
                client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
                hold()
                // One read brings both: a record that fills the window, and one that ends within a head.
                client.send(request("/hold", ofBytes: 1024) + request("/next", ofBytes: 15_360))
                client.send("GET /last HTTP/1.1\r\nHost: a\r\n")
                service.gate.signal()
                hold()
                client.send("Connection: close\r\n\r\n")
                service.gate.signal()
                return client.receive().text
            }
            #expect(text.components(separatedBy: "HTTP/1.1 200 OK").count - 1 == 4, "\(text)")
            #expect(text.hasSuffix("/last"))
        }
    }
}
