import Dispatch
import HTTPWire
import Logging
import Synchronization

@testable import SocketServer

/// Answers the few paths that the server's tests need.
struct SampleService: Responder {
    var file: (any FileRegion)?

    func answer(_ head: RequestHead, from peer: Peer) -> Answer {
        switch head.path {
        case "/hello": return .ready(SampleService.text("hello"))
        case "/peer": return .ready(SampleService.text("\(peer.address) \(peer.isSecure)"))
        case "/big": return .ready(Response(.ok, body: .bytes(SampleService.big)))
        case "/prepared": return .prepared(PreparedResponse(SampleService.prepared.response, file: file))
        // More than the kernel's buffers take.
        case "/huge": return .ready(Response(.ok, body: .bytes([UInt8](repeating: 65, count: 40_000_000))))
        case "/file": return .ready(file.map { Response(.ok, body: .file($0)) } ?? Response(.notFound))
        case "/echo":
            return .later(bodyLimit: 1_000_000) { request in
                do throws(BodyError) {
                    return Response(.ok, body: .bytes(try await request.body.collect(upTo: 1_000_000)))
                } catch {
                    return Response(.contentTooLarge)
                }
            }
        case "/count":
            return .later(bodyLimit: 100_000_000) { request in
                var count = 0
                do throws(BodyError) {
                    while let piece = try await request.body.next() { count += piece.count }
                } catch {
                    return Response(.badRequest)
                }
                return SampleService.text("\(count)")
            }
        case "/stream":
            return .later(bodyLimit: 0) { _ in
                Response(
                    .ok,
                    body: .stream { writer throws(BodyError) in
                        for number in 0..<100 { try await writer.write(Array("line \(number)\n".utf8)) }
                    })
            }
        case "/never":
            return .later(bodyLimit: 0) { _ in
                while !Task.isCancelled { await Task.yield() }
                return Response(.ok)
            }
        case "/ignore": return .later(bodyLimit: 10_000_000) { _ in SampleService.text("ignored") }
        default: return .ready(Response(.notFound))
        }
    }

    /// One content for everybody, as kept pages are.
    static let big = [UInt8](repeating: 65, count: 3_000_000)

    /// In bytes, with content that is sent from where it is kept.
    static let prepared = PreparedResponse(
        Response(.ok, body: .bytes((0..<200_000).map { UInt8(97 + ($0 &* 31) % 26) })))

    static func text(_ text: String) -> Response { Response(.ok, body: .bytes(Array(text.utf8))) }
}

/// Its loop stands still at `/hold` until the gate opens, 10 seconds at most.
struct HeldLoop: Responder {
    let isHeld = DispatchSemaphore(value: 0)
    let gate = DispatchSemaphore(value: 0)

    func answer(_ head: RequestHead, from peer: Peer) -> Answer {
        if head.path == "/hold" {
            isHeld.signal()
            _ = gate.wait(timeout: .now() + 10)
        }
        return .ready(SampleService.text(head.path))
    }
}

final class RecordKeeper: ExchangeObserver {
    private let records = Mutex<[ExchangeRecord]>([])
    func exchangeFinished(_ record: ExchangeRecord) { records.withLock { $0.append(record) } }
    var all: [ExchangeRecord] { records.withLock { $0 } }
}

/// A running server on a free port; stops when the body returns.
func withServer(
    limits: ServerLimits = ServerLimits(), service: any Responder = SampleService(), tls: TLSConfiguration? = nil,
    proxies: TrustedProxies = .none, expectsProxyHeader: Bool = false, alwaysAnswered: Set<String> = [],
    observer: (any ExchangeObserver)? = nil, adopting: ListeningSockets = ListeningSockets([:]), loops: Int = 2,
    errorPage: @escaping @Sendable (Status, Bool) -> Response = Server.plainPage,
    _ body: (UInt16, Server) async throws -> Void
) async throws {
    guard let address = SocketAddress("127.0.0.1:0") else { return }
    let server = try Server(
        listeners: [
            Listener(
                name: "test", address: address, tls: tls, trustedProxies: proxies,
                expectsProxyHeader: expectsProxyHeader, alwaysAnswered: alwaysAnswered, responder: service)
        ],
        limits: limits, loops: loops, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        observer: observer, errorPage: errorPage)
    try server.start(adopting: adopting)
    do {
        try await body(server.boundAddresses[0].port, server)
    } catch {
        await server.stop(drainMilliseconds: 0)
        throw error
    }
    await server.stop(drainMilliseconds: 1000)
}
