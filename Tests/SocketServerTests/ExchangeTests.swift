import Glibc
import HTTPWire
import Testing

@testable import SocketServer

@Suite struct ExchangeTests {
    /// A handler that is as fast as its client does not keep the loop from the others.
    @Test func fourPiecesATurnComeAtTheReadersCall() {
        let nobody = ParsedHead(
            head: RequestHead(method: .post, path: "/"), framing: .length(1 << 30), keepAlive: true,
            expectsContinue: false, byteCount: 0)
        let exchange = Exchange(
            parsed: nobody, peer: Peer(address: "192.0.2.1", isSecure: false), limits: WireLimits(), startedAt: 0)
        for turn in UInt64(7)...9 {
            let granted = (0..<10).map { _ in exchange.mayReceive(turn: turn) }
            #expect(granted.prefix(4).allSatisfy { $0 } && !granted.dropFirst(4).contains(true))
        }
    }

    /// Content of more than a turn's pieces waits in the kernel, whole: no event of the socket will tell of it again.
    @Test func aHandlerThatComesLateGetsAllThatIsThere() async throws {
        guard let address = SocketAddress("127.0.0.1:0") else { return }
        let socket = try Sockets.listen(on: address, shared: false)
        // Connections inherit it.
        Sockets.set(socket, SOL_SOCKET, SO_RCVBUF, 4_000_000)
        let service = Late()
        try await withServer(service: service, adopting: ListeningSockets(["test": [socket]])) { port, _ in
            let text = try await blocking {
                let client = try WireClient(port: port)
                let content = [UInt8](repeating: 65, count: 900_000)
                let head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(content.count)\r\n\r\n"
                client.send(Array(head.utf8) + content)
                usleep(200_000)
                service.gate.continuation.finish()
                return client.rest()
            }
            #expect(text.hasSuffix("\r\n\r\n900000"))
        }
    }

    /// Reads nothing until the gate opens.
    private struct Late: Responder {
        let gate = AsyncStream<Void>.makeStream()

        func answer(_ head: RequestHead, from peer: Peer) -> Answer {
            .later(bodyLimit: 10_000_000) { [gate] request in
                for await _ in gate.stream {}
                var count = 0
                do throws(BodyError) {
                    while let piece = try await request.body.next() { count += piece.count }
                } catch {
                    return Response(.badRequest)
                }
                return SampleService.text("\(count)")
            }
        }
    }
}
