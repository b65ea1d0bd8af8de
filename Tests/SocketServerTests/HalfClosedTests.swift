import Foundation
import HTTPWire
import Testing

@testable import SocketServer

/// Clients that have said everything and wait for the answers.
@Suite struct HalfClosedTests {
    @Test func answersAfterTheClientHasEndedItsSide() async throws {
        try await withServer { port, _ in
            let text = try await blocking {
                let client = try WireClient(port: port)
                client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
                client.endSending()
                return client.rest()
            }
            #expect(text.contains("line 99"))
        }
    }

    @Test func answersAllThatCameBeforeTheClientEndedItsSide() async throws {
        let keeper = RecordKeeper()
        try await withServer(observer: keeper) { port, _ in
            let (whole, short, torn) = try await blocking {
                let echo = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                let requests = String(repeating: echo + "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", count: 10)
                func ask(_ rest: String) throws -> (text: String, isClosed: Bool) {
                    let client = try WireClient(port: port)
                    client.send(requests + rest)
                    client.endSending()
                    return client.receiveToEnd()
                }
                let short = "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1"
                return (try ask(""), try ask(short), try ask("GET / HTTP"))
            }
            for answer in [whole, short, torn] {
                #expect(answer.text.components(separatedBy: "\r\n\r\nabc").count - 1 == 10)
                #expect(answer.text.components(separatedBy: "line 99\n").count - 1 == 10)
                #expect(answer.isClosed)
            }
            // The handler learns that its content will not come, at once.
            #expect(short.text.contains("HTTP/1.1 400 ") && !whole.text.contains("HTTP/1.1 400 "))
        }
        #expect(keeper.all.allSatisfy { $0.refusal == nil })
    }

    /// Bytes and the end in one event of the socket: nothing else tells of the end.
    @Test func anEndThatComesAlongWithBytesIsSeen() async throws {
        let service = HeldLoop()
        try await withServer(service: service) { port, _ in
            for rest in ["GET / HT", "GET /after HTTP/1.1\r\nHost: a\r\n\r\n"] {
                let (text, isClosed) = try await blocking {
                    let client = try WireClient(port: port)
                    client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
                    guard service.isHeld.wait(timeout: .now() + 10) == .success else { return ("not held", false) }
                    client.send(rest)
                    client.endSending()
                    service.gate.signal()
                    return client.receiveToEnd()
                }
                #expect(text.hasPrefix("HTTP/1.1 200 ") && isClosed, "\(text)")
                #expect(text.contains("/after") == rest.contains("/after"))
            }
        }
    }
}
