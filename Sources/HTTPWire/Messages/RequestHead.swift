/// A request's control data and header section, checked by the parser (RFC 9112 §2, §3, §5).
public struct RequestHead: Sendable {
    /// 1.0 or 1.1; nothing else is served.
    public enum Version: Sendable, Hashable {
        /// RFC 1945 clients and simple health checks.
        case http10
        /// RFC 9112.
        case http11
    }

    /// The request's method.
    public let method: Method
    /// The path as sent, percent-encoded, beginning with "/"; "*" for `OPTIONS *`.
    public let path: String
    /// What stands after "?", percent-encoded; nil without "?".
    public let query: String?
    /// The protocol version of the request line.
    public let version: Version
    /// The header section.
    public let fields: HeaderFields

    /// Made by the parser, and by tests.
    public init(
        method: Method, path: String, query: String? = nil, version: Version = .http11,
        fields: HeaderFields = HeaderFields()
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.version = version
        self.fields = fields
    }
}
