import Foundation
import HTTPWire
import Testing

@testable import SocketServer

/// An answer that fails in its middle must not look like a whole one.
@Suite struct CutAnswerTests {
    /// Promises more than its file has.
    private final class Promise: FileRegion {
        let descriptor: Int32
        let offset: Int64 = 0
        let byteCount: Int64 = 1_000

        init(descriptor: Int32) { self.descriptor = descriptor }
    }

    private struct Breaking: Responder {
        let file: Promise
        /// Long after the handler's time.
        let gate = AsyncStream<Void>.makeStream()

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            switch head.path {
            case "/stream":
                .ready(
                    Response(
                        .ok,
                        body: .stream { writer throws(BodyError) in
                            try await writer.write(Array("beginning".utf8))
                            throw .incomplete
                        }))
            case "/hangs":
                .later(bodyLimit: 0) { [gate] _ in
                    Response(
                        .ok,
                        body: .stream { writer throws(BodyError) in
                            try await writer.write(Array("beginning".utf8))
                            for await _ in gate.stream {}
                        })
                }
            default: .ready(Response(.ok, body: .file(file)))
            }
        }
    }

    private func withBreaking(
        _ tls: TLSConfiguration?, _ body: (UInt16, Server) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "short-\(UUID().uuidString)").path
        try Data("beginning".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var limits = ServerLimits()
        limits.handlerMilliseconds = 300
        let service = Breaking(file: Promise(descriptor: descriptor))
        try await withServer(limits: limits, service: service, tls: tls, body)
        service.gate.continuation.finish()
    }

    private static let requests = [
        // No last chunk.
        ("/stream", "1.1", "\r\n\r\n9\r\nbeginning\r\n"), ("/hangs", "1.1", "\r\n\r\n9\r\nbeginning\r\n"),
        // Fewer bytes than Content-Length says.
        ("/file", "1.1", "\r\n\r\nbeginning"),
        // Nothing but the connection's end tells where the content ends.
        ("/stream", "1.0", "\r\n\r\nbeginning"), ("/hangs", "1.0", "\r\n\r\nbeginning"),
    ]

    @Test(arguments: requests) func onAPlainConnectionItIsTorn(_ path: String, _ version: String, _ ending: String)
        async throws
    {
        try await withBreaking(nil) { port, _ in
            let (text, isClosed) = try await blocking {
                let client = try WireClient(port: port)
                client.send("GET \(path) HTTP/\(version)\r\nHost: a\r\n\r\n")
                return client.receiveToEnd()
            }
            #expect(text.hasPrefix("HTTP/1.1 200 "))
            #expect(text.hasSuffix(ending), "\(text)")
            #expect(!isClosed, "reset, not closed")
        }
    }

    @Test(arguments: requests, [TLSVersion.two, TLSVersion.three])
    func overTLSNobodySaysGoodbye(_ request: (path: String, version: String, ending: String), _ version: Int32)
        async throws
    {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([try certificates.make("one")])
        try await withBreaking(tls) { port, _ in
            let (text, isWhole) = try await blocking {
                let client = try TLSClient(port: port, TLSOffer(version: version))
                client.send("GET \(request.path) HTTP/\(request.version)\r\nHost: a\r\n\r\n")
                return client.receive()
            }
            #expect(text.hasPrefix("HTTP/1.1 200 "))
            #expect(text.hasSuffix(request.ending), "\(text)")
            #expect(isWhole == false, "no close_notify")
        }
    }
}
