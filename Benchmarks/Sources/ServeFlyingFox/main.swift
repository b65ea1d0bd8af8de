// FlyingFox with one route.
import FlyingFox
import Foundation

let body = Data(repeating: UInt8(ascii: "x"), count: 1024)
let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: UInt16(CommandLine.arguments[1]) ?? 0), logger: .disabled)
await server.appendRoute("GET /page") { _ in
    HTTPResponse(statusCode: .ok, headers: [.contentType: "text/html; charset=utf-8"], body: body)
}
try await server.run()
