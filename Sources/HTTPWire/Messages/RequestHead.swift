/// A request's control data and header section, checked by the parser (RFC 9112 §2, §3, §5).
public struct RequestHead: Sendable {
    /// 1.0 or 1.1; nothing else is served.
    public enum Version: Sendable, Hashable {
        /// RFC 1945 clients and simple health checks.
        case http10
        /// RFC 9112.
        case http11
    }

    @usableFromInline let storage: HeadStorage

    /// Made by the parser: `storage` holds everything.
    init(storage: HeadStorage) { self.storage = storage }

    /// Made by tests and for messages that never came.
    public init(
        method: Method, path: String, query: String? = nil, version: Version = .http11,
        fields: HeaderFields = HeaderFields()
    ) {
        storage = HeadStorage()
        storage.begin(method, version)
        Array((path + (query ?? "")).utf8).withUnsafeBytes { storage.keep($0) }
        storage.path = ByteSpan(0, count: path.utf8.count)
        storage.query = query.map { ByteSpan(path.utf8.count, count: $0.utf8.count) }
        storage.carry(fields)
    }

    /// The request's method.
    public var method: Method { storage.method }

    /// Whether the method is GET or HEAD.
    public var isRead: Bool { storage.isRead }

    /// Whether the method is HEAD.
    public var isHead: Bool { storage.isHead }

    /// The protocol version of the request line.
    public var version: Version { storage.version }

    /// The header section.
    public var fields: HeaderFields { storage.made ?? HeaderFields(received: storage) }

    /// Whether Accept-Encoding or a precondition may be there; costs less than asking for them.
    public var mayHaveChoices: Bool { storage.mayHave(RequestHead.choices) }

    private static let choices = ConditionalRequest.conditions | KnownField.acceptEncoding.bit

    /// Whether the browser says that no other site's page sent this: `Sec-Fetch-Site` came over the wire as "same-origin" or
    /// "none" (W3C Fetch Metadata). Makes no text of it.
    public var saysOwnSite: Bool { storage.says(.secFetchSite, "same-origin", or: "none") }

    /// A number that tells this request from every other of the program, in the log and on error pages; given by the server.
    public var id: UInt64 {
        get { storage.requestID }
        nonmutating set { storage.requestID = newValue }
    }

    /// The number of the route that answers, for counters; -1 when there is none. Set by whoever finds it.
    public var route: Int {
        get { storage.route }
        nonmutating set { storage.route = newValue }
    }

    /// The path as sent, percent-encoded, beginning with "/"; "*" for `OPTIONS *`.
    public var path: String { storage.text(storage.path) }

    /// What stands after "?", percent-encoded; nil without "?".
    public var query: String? { storage.query.map(storage.text) }

    /// Whether there is a "?".
    public var hasQuery: Bool { storage.query != nil }

    /// The bytes of the path, without making a text of them; valid within `body` only.
    @inlinable
    public func withPathBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(storage) { body(storage.pathBytes) }
    }
}
