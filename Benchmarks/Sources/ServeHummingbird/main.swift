// Hummingbird with its router, log level at its quietest.
import Hummingbird
import Logging

let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1024)
let router = Router()
router.get("page") { _, _ in
    Response(status: .ok, headers: [.contentType: "text/html; charset=utf-8"], body: .init(byteBuffer: body))
}
var logger = Logger(label: "bench")
logger.logLevel = .critical
let application = Application(
    router: router, configuration: .init(address: .hostname("127.0.0.1", port: Int(CommandLine.arguments[1]) ?? 0)),
    logger: logger)
try await application.runService()
