/// A request method: a token, compared byte for byte (RFC 9110 §9.1, methods are case-sensitive).
public struct Method: Hashable, Sendable, CustomStringConvertible {
    /// The method as it stands on the request line.
    public let name: String

    /// Trusts `name` to be a token; the parser makes methods only after it has checked the bytes.
    public init(unchecked name: String) {
        self.name = name
    }

    /// The name, for logs and `Allow`.
    public var description: String { name }

    /// GET: transfer a current representation (RFC 9110 §9.3.1).
    public static var get: Method { Method(unchecked: "GET") }
    /// HEAD: as GET without content (RFC 9110 §9.3.2).
    public static var head: Method { Method(unchecked: "HEAD") }
    /// POST: resource-specific processing (RFC 9110 §9.3.3).
    public static var post: Method { Method(unchecked: "POST") }
    /// PUT: replace the representation (RFC 9110 §9.3.4).
    public static var put: Method { Method(unchecked: "PUT") }
    /// PATCH: partial change (RFC 5789).
    public static var patch: Method { Method(unchecked: "PATCH") }
    /// DELETE: remove the association (RFC 9110 §9.3.5).
    public static var delete: Method { Method(unchecked: "DELETE") }
    /// OPTIONS: communication options (RFC 9110 §9.3.7).
    public static var options: Method { Method(unchecked: "OPTIONS") }
}
