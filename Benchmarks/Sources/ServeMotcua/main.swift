// The product's server as its program wires it: router, security fields, compression, page cache, limits, access log.
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

// What the portal does for its public pages: kept bytes, chosen on the loop.
routes.getReady("/page") { exchange in
    cache.response(for: "page", to: exchange)
} otherwise: { exchange in
    try await cache.response(for: "page", tags: [], to: exchange) { page }
}
// The same bytes by a handler that runs as a task.
routes.get("/later") { exchange in
    try await cache.response(for: "page", tags: [], to: exchange) { page }
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
// As the portal sends its style sheet and script: from memory.
StaticFiles(["100k": Setup.read(setup.root + "/files/100k")]).mount(on: &routes)
routes.program(.post, "/upload", bodyLimit: 16 << 20) { exchange in
    var count = 0
    while let piece = try await exchange.body.next() { count += piece.count }
    return .text("\(count)\n")
}

let logger = Logger(label: "bench")
let router = Router(
    routes, middleware: [headers, Compression()], errors: ErrorPages(log: { logger.error("\($0.error)") }))
guard let address = SocketAddress("127.0.0.1:\(setup.port)") else { preconditionFailure("port \(setup.port)") }
let tls = try setup.tls.map { try TLSConfiguration(certificateFile: $0.certificate, keyFile: $0.key) }
let log = AccessLog(path: setup.root + "/access-\(setup.port).jsonl")
let server = try Server(
    listeners: [Listener(name: "public", address: address, tls: tls, responder: router)], loops: setup.loops,
    logger: logger, observer: log)
try server.start()
// The first thread stays as it is: one that Dispatch takes over ends callgrind.
while true { pause() }
