// The product's server with router, security fields, page cache, limits and an observer that counts.
import HTTPWire
import Logging
import SocketServer
import Synchronization
import Web

final class Counter: ExchangeObserver {
    let count = Atomic<Int>(0)
    func exchangeFinished(_ record: ExchangeRecord) { count.add(1, ordering: .relaxed) }
}

let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1024)
let headers = SecurityHeaders()
let cache = PageCache(headers: headers)
var routes = Routes()
routes.getReady("/page") { exchange in
    cache.response(for: "page", to: exchange)
} otherwise: { exchange in
    try await cache.response(for: "page", tags: [], to: exchange) { body }
}
let router = Router(routes, middleware: [headers], errors: ErrorPages(log: { _ in }))
guard CommandLine.arguments.count > 1, let address = SocketAddress("127.0.0.1:" + CommandLine.arguments[1]) else {
    preconditionFailure("usage: ServeMotcua PORT")
}
let server = try Server(
    listeners: [Listener(name: "bench", address: address, responder: router)], loops: 2, logger: Logger(label: "bench"),
    observer: Counter())
try server.start()
while true { try await Task.sleep(for: .seconds(3600)) }
