import Foundation
import Testing

// The lines between the marks stand in Docs/server.md, word for word.
// guide-begin
import HTTPWire
import Logging
import SocketServer

struct Hello: Responder {
    func answer(_ head: RequestHead, from peer: Peer) -> Answer {
        .ready(Response(.ok, body: .bytes(Array("hello".utf8))))
    }
}

func serveHello(at address: SocketAddress) throws -> Server {
    let server = try Server(
        listeners: [Listener(name: "hello", address: address, responder: Hello())], logger: Logger(label: "hello"))
    try server.start()
    return server
}
// guide-end

@Suite struct GuideTests {
    @Test func theExampleOfTheGuideServes() async throws {
        let server = try serveHello(at: try #require(SocketAddress("127.0.0.1:0")))
        let port = server.boundAddresses[0].port
        let text = try await blocking {
            let client = try WireClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return client.rest()
        }
        await server.stop()
        #expect(text.hasSuffix("hello"))
    }

    @Test func theGuideShowsWhatIsTested() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let source = try String(contentsOf: URL(filePath: #filePath), encoding: .utf8)
        let guide = try String(contentsOf: root.appending(path: "Docs/server.md"), encoding: .utf8)
        let parts = source.components(separatedBy: "// guide-begin\n")
        let example = try #require(parts.dropFirst().first?.components(separatedBy: "// guide-end").first)
        #expect(guide.contains("```swift\n" + example + "```"))
    }
}
