// Hummingbird with its router and its file middleware, log level at its quietest.
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOPosix
import NIOSSL
import Setup

let setup = Setup()
let page = ByteBuffer(bytes: setup.page)
var fields = HTTPFields()
for field in setup.fields {
    guard let name = HTTPField.Name(field.name) else { preconditionFailure("field name \(field.name)") }
    fields[name] = field.value
}
fields[.contentType] = "text/html; charset=utf-8"
let pageFields = fields
let router = Router()
router.add(middleware: FileMiddleware(setup.root))
var closing = pageFields
closing[.connection] = "close"
let closingFields = closing
router.get("page") { request, _ in
    // Hummingbird closes without saying so: clients would send the next request into a closing connection.
    let fields = request.headers[.connection] == "close" ? closingFields : pageFields
    return Response(status: .ok, headers: fields, body: .init(byteBuffer: page))
}
router.post("upload") { request, _ in
    var count = 0
    for try await piece in request.body { count += piece.readableBytes }
    return "\(count)\n"
}
var logger = Logger(label: "bench")
logger.logLevel = .critical
let builder: HTTPServerBuilder =
    if let tls = setup.tls {
        try .tls(
            tlsConfiguration: .makeServerConfiguration(
                certificateChain: NIOSSLCertificate.fromPEMFile(tls.certificate).map { .certificate($0) },
                privateKey: .privateKey(NIOSSLPrivateKey(file: tls.key, format: .pem))))
    } else {
        .http1()
    }
let application = Application(
    router: router, server: builder,
    configuration: .init(address: .hostname("127.0.0.1", port: setup.port), backlog: 4096),
    eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: setup.loops)), logger: logger)
try await application.runService()
