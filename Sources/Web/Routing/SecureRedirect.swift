import HTTPWire

/// What a plain port says when the site is served over TLS: everything lies at the secure address. Where that is comes
/// from the configuration, never from the request's Host, which anybody may write.
public struct SecureRedirect: Responder {
    private let origin: String
    private let health: any Responder
    private let headers = SecurityHeaders()

    /// `site` is the public address, e.g. `https://dichvucong.example.vn`; `health` answers `/healthz` and `/readyz`, which
    /// proxies ask here too.
    public init(to site: String, health: any Responder) {
        origin = site.hasSuffix("/") ? String(site.dropLast()) : site
        self.health = health
    }

    /// 301 with path and query for GET and HEAD. Anything else has sent its content in the clear already: leading it on
    /// would hide the mistake, so it is 405 with the right address.
    public func answer(_ head: RequestHead, from peer: Peer) -> Answer {
        if head.path == "/healthz" || head.path == "/readyz" { return health.answer(head, from: peer) }
        var response: Response
        switch head.method {
        case .options:
            response = Response(.noContent)
            response.fields.append(.allow, SecureRedirect.methods)
        case _ where !head.path.hasPrefix("/"):
            response = .text("400 Bad Request\n", .badRequest)
        case .get, .head:
            let address = origin + head.path + (head.query.map { "?" + $0 } ?? "")
            response = .text(address + "\n", .movedPermanently)
            response.fields.append(.location, address)
        default:
            response = .text("405 Method Not Allowed: use \(origin)\n", .methodNotAllowed)
            response.fields.append(.allow, SecureRedirect.methods)
        }
        headers.complete(&response, isSecure: false)
        return .ready(response)
    }

    private static let methods = "GET, HEAD, OPTIONS"
}
