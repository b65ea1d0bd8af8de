import HTTPWire
import Synchronization

/// A browser for tests: calls a responder in the same process, keeps cookies, follows no redirect by itself.
public final class TestClient: Sendable {
    /// What came back.
    public struct Reply: Sendable {
        /// The status code.
        public let status: Int
        /// The header section.
        public let fields: HeaderFields
        /// The content, streams collected; nothing for HEAD.
        public let body: [UInt8]

        /// The content as text.
        public var text: String { String(decoding: body, as: UTF8.self) }

        /// The first value of the hidden form token in the page.
        public var csrfToken: String? {
            value(after: "name=\"\(CSRFToken.fieldName)\" value=\"")
        }

        /// What stands between `marker` and the next quote.
        public func value(after marker: String) -> String? {
            let parts = text.split(separator: marker, maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? String(parts[1].prefix { $0 != "\"" }) : nil
        }
    }

    private let responder: any Responder
    private let peer: Peer
    private let jar = Mutex<[String: String]>([:])

    /// A visitor from `address`, on a secure line unless told otherwise.
    public init(_ responder: any Responder, address: String = "192.0.2.1", isSecure: Bool = true) {
        self.responder = responder
        self.peer = Peer(address: address, isSecure: isSecure)
    }

    /// Asks for a page.
    public func get(_ target: String, _ fields: [String: String] = [:]) async -> Reply {
        await send(.get, target, fields)
    }

    /// Sends a form.
    public func post(_ target: String, _ form: [(String, String)], _ fields: [String: String] = [:]) async -> Reply {
        let body = form.map { PercentEncoding.encode($0.0) + "=" + PercentEncoding.encode($0.1) }
            .joined(separator: "&")
        var fields = fields
        fields["Content-Type"] = fields["Content-Type"] ?? "application/x-www-form-urlencoded"
        return await send(.post, target, fields, body: Array(body.utf8))
    }

    /// Sends a multipart form: texts first, then files as (field, file name, content).
    public func post(
        _ target: String, _ form: [(String, String)], files: [(String, String, [UInt8])]
    ) async -> Reply {
        let boundary = "----test-boundary-7d1c"
        var body: [UInt8] = []
        for (name, value) in form {
            body += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
        }
        for (name, fileName, content) in files {
            body += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"; ".utf8
            body += "filename=\"\(fileName)\"\r\nContent-Type: application/octet-stream\r\n\r\n".utf8
            body += content + "\r\n".utf8
        }
        body += "--\(boundary)--\r\n".utf8
        return await send(.post, target, ["Content-Type": "multipart/form-data; boundary=\(boundary)"], body: body)
    }

    /// Sends any request. `target` is a path, perhaps with a query.
    public func send(
        _ method: Method, _ target: String, _ fields: [String: String] = [:], body: [UInt8] = [], pieceSize: Int = 65536
    ) async -> Reply {
        let head = head(method, target, fields, bodyByteCount: body.count)
        switch responder.answer(head, from: peer) {
        case .prepared(let prepared):
            return await reply(prepared.response, to: method)
        case .ready(let response):
            return await reply(response, to: method)
        case .later(let limit, let respond):
            // As the server does: 413 at once when the length is known to be too much.
            guard body.count <= limit else { return Reply(status: 413, fields: HeaderFields(), body: []) }
            let content = TestClient.body(body, pieceSize)
            return await reply(await respond(Request(head: head, body: content, peer: peer)), to: method)
        }
    }

    /// The value of a cookie that the site set, by its name on the wire.
    public func cookie(_ name: String) -> String? { jar.withLock { $0[name] } }

    /// Plants, replaces or (nil) forgets a cookie.
    public func setCookie(_ name: String, _ value: String?) { jar.withLock { $0[name] = value } }

    private static let lastID = Atomic<UInt64>(0)

    private func head(
        _ method: Method, _ target: String, _ fields: [String: String], bodyByteCount: Int
    ) -> RequestHead {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var section = HeaderFields()
        if fields["Host"] == nil { section.append(.host, "portal.test") }
        if method == .post, fields["Origin"] == nil {
            section.append(.origin, (peer.isSecure ? "https" : "http") + "://portal.test")
        }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            section.append(FieldName(unchecked: name), value)
        }
        let cookies = jar.withLock { $0 }
        if !cookies.isEmpty {
            section.append(
                .cookie, cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))
        }
        if bodyByteCount > 0 { section.append(.contentLength, String(bodyByteCount)) }
        let head = RequestHead(
            method: method, path: parts[0], query: parts.count > 1 ? parts[1] : nil, fields: section)
        head.id = TestClient.lastID.add(1, ordering: .relaxed).newValue
        return head
    }

    private static func body(_ bytes: [UInt8], _ pieceSize: Int) -> RequestBody {
        let rest = Remaining()
        return RequestBody { () async throws(BodyError) -> [UInt8]? in rest.next(bytes, pieceSize) }
    }

    private final class Remaining: Sendable {
        private let position = Mutex(0)

        func next(_ bytes: [UInt8], _ pieceSize: Int) -> [UInt8]? {
            position.withLock { position in
                guard position < bytes.count else { return nil }
                let end = min(position + pieceSize, bytes.count)
                defer { position = end }
                return Array(bytes[position..<end])
            }
        }
    }

    private func reply(_ response: Response, to method: Method) async -> Reply {
        for line in response.fields.values(of: .setCookie) { keep(line) }
        let body = method == .head ? [] : await TestClient.content(of: response.body)
        return Reply(status: response.status.code, fields: response.fields, body: body)
    }

    private func keep(_ line: String) {
        let parts = line.split(separator: ";").map { String($0.drop { $0 == " " }) }
        guard let pair = parts.first, let equals = pair.firstIndex(of: "=") else { return }
        let value = parts.contains("Max-Age=0") ? nil : String(pair[pair.index(after: equals)...])
        setCookie(String(pair[..<equals]), value)
    }

    private static func content(of body: ResponseBody) async -> [UInt8] {
        switch body {
        case .empty: return []
        case .bytes(let bytes): return bytes
        case .file(let region): return (try? Folder.read(region)) ?? []
        case .stream(let write):
            let collected = Collected()
            let writer = ResponseBodyWriter { bytes throws(BodyError) in collected.add(bytes) }
            try? await write(writer)
            return collected.bytes
        }
    }

    private final class Collected: Sendable {
        private let held = Mutex<[UInt8]>([])
        func add(_ bytes: [UInt8]) { held.withLock { $0 += bytes } }
        var bytes: [UInt8] { held.withLock { $0 } }
    }
}
