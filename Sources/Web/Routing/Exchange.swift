import HTTPWire

/// One request on its way through middleware to its handler: who asks, what was asked, and what was found out so far.
public struct Exchange: Sendable {
    /// What stays as it is from the head on, held once: exchanges are handed from step to step.
    private let asked: Asked
    /// The request's control data and fields.
    public var head: RequestHead { asked.head }
    /// The address, and whether the line is secure.
    public var peer: Peer { asked.peer }
    /// The route that was found; nil on error pages for paths that have none.
    public var route: Route? { asked.route }
    /// The decoded query.
    public var query: NamedValues { asked.query }
    /// The request's number, as in the log.
    public var number: UInt64 { head.id }
    /// Who is signed in.
    public internal(set) var session: Session?
    /// The partner whose key was shown; set by the portal's middleware.
    public var partner: String?
    /// The content; forms are read from it before their handler runs.
    public internal(set) var body = RequestBody.none
    /// Whether the answer may tell the browser to keep something; not while the request is answered at once.
    var setsCookies = false

    init(
        head: RequestHead, peer: Peer, route: Route?, captured: [String] = [], query: NamedValues = NamedValues()
    ) {
        asked = Asked(head, peer, route, captured, query)
    }

    /// The path segment captured as `name`. Traps when the route has no such capture: a programming mistake.
    public func parameter(_ name: String) -> String {
        guard let route, let index = route.pattern.names.firstIndex(of: name) else {
            preconditionFailure("no {\(name)} in \(route?.pattern.description ?? "no route")")
        }
        return asked.captured[index]
    }

    /// The segment captured as `name`, made into a value; 404 when it cannot be one.
    public func parameter<Value>(_ name: String, _ make: (String) -> Value?) throws(Refused) -> Value {
        guard let value = make(parameter(name)) else { throw Refused(.notFound, "no such \(name)") }
        return value
    }

    /// Whether the method promises to change nothing (RFC 9110 §9.2.1).
    public var isSafe: Bool {
        head.method == .get || head.method == .head || head.method == .options
    }

    /// The only value of a cookie that came; nil when absent or sent twice with different values, since then one of them
    /// was planted.
    public func cookie(_ name: String) -> String? {
        let values = Cookies.values(of: name, in: head.fields)
        guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    /// Adds a cookie to the answer. Traps on a route that is answered at once: such answers are the same for everyone.
    public func setCookie(_ cookie: Cookie) {
        precondition(setsCookies, "a ready route sets no cookies")
        asked.cookies.add(cookie)
    }

    /// What the answer tells the browser to keep so far.
    var cookies: [Cookie] { setsCookies ? asked.cookies.all : [] }
}

private final class Asked: Sendable {
    let head: RequestHead
    let peer: Peer
    let route: Route?
    let captured: [String]
    let query: NamedValues
    let cookies = CookieJar()

    init(_ head: RequestHead, _ peer: Peer, _ route: Route?, _ captured: [String], _ query: NamedValues) {
        self.head = head
        self.peer = peer
        self.route = route
        self.captured = captured
        self.query = query
    }
}
