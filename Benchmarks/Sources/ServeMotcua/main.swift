// The product's server as its program wires it: router, security fields, compression, kept pages, limits, access log, counts.
import Glibc
import HTTPWire
import Logging
import Setup
import SocketServer
import Web

let setup = Setup()
let page = setup.page
let headers = SecurityHeaders()
let cache = PageCache(headers: headers)
var routes = Routes()

/// What the program does with every exchange.
struct Observers: ExchangeObserver {
    let log: AccessLog
    let metrics: ServerMetrics

    func exchangeFinished(_ record: ExchangeRecord) {
        log.exchangeFinished(record)
        metrics.exchangeFinished(record)
    }
}

// What the portal does for its public pages: made by a handler once, then found by their path.
routes.get("/page") { exchange in
    try await cache.response(for: "/page", tags: [], to: exchange) { page }
}
// The same bytes by a handler that runs as a task.
routes.get("/later") { exchange in
    try await cache.response(for: "/page", tags: [], to: exchange) { page }
}
// As the portal sends papers: from an open file.
for name in ["100k", "10m"] {
    let file = WholeFile(path: setup.root + "/files/" + name)
    routes.getReady("/files/" + name) { _ in
        var fields = HeaderFields()
        fields.append(.contentType, "application/octet-stream")
        return Response(.ok, fields: fields, body: .file(file))
    }
}
// As the portal sends its style sheet and script.
StaticFiles(["100k": Setup.read(setup.root + "/files/100k")])
    .mount(on: &routes, headers: headers, copiesOn: setup.root)
routes.program(.post, "/upload", bodyLimit: 16 << 20) { exchange in
    var count = 0
    while let piece = try await exchange.body.next() { count += piece.count }
    return .text("\(count)\n")
}

let logger = Logger(label: "bench")
let router = Router(
    routes, middleware: [headers, Compression()], kept: cache, errors: ErrorPages(log: { logger.error("\($0.error)") }))
guard let address = SocketAddress("127.0.0.1:\(setup.port)") else { preconditionFailure("port \(setup.port)") }
let tls = try setup.tls.map { try TLSConfiguration([CertificateFiles(chain: $0.certificate, key: $0.key)]) }
let observers = Observers(
    log: AccessLog(path: setup.root + "/access-\(setup.port).jsonl"),
    metrics: ServerMetrics([
        ServerMetrics.Listener(
            name: "public", routes: router.routes.map { ($0.method.name, $0.pattern.description) })
    ]))
let server = try Server(
    listeners: [Listener(name: "public", address: address, tls: tls, responder: router)], loops: setup.loops,
    logger: logger, observer: observers)
try server.start()
// The first thread stays as it is: one that Dispatch takes over ends callgrind.
while true { pause() }
