// FlyingFox with its routes and its file handler.
import FlyingFox
import Foundation
import Setup

let setup = Setup()
let page = Data(setup.page)
var fields: [HTTPHeader: String] = [.contentType: "text/html; charset=utf-8"]
for field in setup.fields { fields[HTTPHeader(field.name)] = field.value }
let pageFields = fields
let server = HTTPServer(
    address: try .inet(ip4: "127.0.0.1", port: UInt16(setup.port)), timeout: 300, logger: .disabled)
await server.appendRoute("GET /page") { request in
    var fields = pageFields
    // FlyingFox closes without saying so: clients would send the next request into a closing connection.
    if request.headers[.connection] == "close" { fields[.connection] = "close" }
    return HTTPResponse(statusCode: .ok, headers: fields, body: page)
}
for name in ["100k", "10m"] {
    await server.appendRoute(
        HTTPRoute("GET /files/\(name)"),
        to: FileHTTPHandler(path: URL(filePath: setup.root + "/files/" + name), contentType: "application/octet-stream"))
}
await server.appendRoute("POST /upload") { request in
    var count = 0
    for try await piece in request.bodySequence { count += piece.count }
    return HTTPResponse(
        statusCode: .ok, headers: [.contentType: "text/plain; charset=utf-8"], body: Data("\(count)\n".utf8))
}
try await server.run()
