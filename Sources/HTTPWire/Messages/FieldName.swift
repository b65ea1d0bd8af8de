/// A header field name: a token, compared without regard to ASCII case (RFC 9110 §5.1). An invalid name cannot exist.
public struct FieldName: Hashable, Sendable, CustomStringConvertible {
    /// Lower case; what is compared.
    public let canonical: String
    /// As it is sent.
    public let raw: String
    /// Recognised once, compared often.
    let known: KnownField

    /// nil when `raw` is not a token (RFC 9110 §5.6.2).
    public init?(_ raw: String) {
        guard !raw.isEmpty, raw.utf8.allSatisfy(isTokenByte) else { return nil }
        self.init(unchecked: raw)
    }

    /// Trusts `raw` to be a token.
    public init(unchecked raw: String) {
        self.raw = raw
        self.canonical = raw.lowercased()
        var name = canonical
        self.known = name.withUTF8 { KnownField(UnsafeRawBufferPointer($0)) }
    }

    /// The name as sent.
    public var description: String { raw }

    /// Equal when the lower-case forms are.
    public static func == (left: FieldName, right: FieldName) -> Bool {
        // Most names differ here already, which costs a fraction of comparing strings.
        left.known == right.known && left.canonical.utf8.count == right.canonical.utf8.count
            && (left.known != .other || left.canonical == right.canonical)
    }

    /// Feeds the lower-case form.
    public func hash(into hasher: inout Hasher) { hasher.combine(canonical) }
}

/// tchar of RFC 9110 §5.6.2: letters, digits and !#$%&'*+-.^_`|~, as one bit a byte.
@inlinable
public func isTokenByte(_ byte: UInt8) -> Bool {
    let low: UInt64 = 0x03FF_6CFA_0000_0000
    let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
    guard byte < 128 else { return false }
    return (byte < 64 ? low >> UInt64(byte) : high >> UInt64(byte & 63)) & 1 == 1
}

// The names this program speaks; each is defined by RFC 9110 unless a line says otherwise.
extension FieldName {
    /// RFC 9110 §12.5.1
    public static let accept = FieldName(unchecked: "Accept")
    /// RFC 9110 §12.5.3
    public static let acceptEncoding = FieldName(unchecked: "Accept-Encoding")
    /// RFC 9110 §14.3
    public static let acceptRanges = FieldName(unchecked: "Accept-Ranges")
    /// RFC 9110 §10.2.1
    public static let allow = FieldName(unchecked: "Allow")
    /// RFC 9110 §11.6.2
    public static let authorization = FieldName(unchecked: "Authorization")
    /// RFC 9111 §5.2
    public static let cacheControl = FieldName(unchecked: "Cache-Control")
    /// RFC 9110 §7.6.1
    public static let connection = FieldName(unchecked: "Connection")
    /// RFC 6266
    public static let contentDisposition = FieldName(unchecked: "Content-Disposition")
    /// RFC 9110 §8.4
    public static let contentEncoding = FieldName(unchecked: "Content-Encoding")
    /// RFC 9110 §8.6
    public static let contentLength = FieldName(unchecked: "Content-Length")
    /// RFC 9110 §14.4
    public static let contentRange = FieldName(unchecked: "Content-Range")
    /// W3C CSP Level 3
    public static let contentSecurityPolicy = FieldName(unchecked: "Content-Security-Policy")
    /// RFC 9110 §8.3
    public static let contentType = FieldName(unchecked: "Content-Type")
    /// RFC 6265 §4.2
    public static let cookie = FieldName(unchecked: "Cookie")
    /// RFC 9110 §6.6.1
    public static let date = FieldName(unchecked: "Date")
    /// RFC 9110 §8.8.3
    public static let etag = FieldName(unchecked: "ETag")
    /// RFC 9110 §10.1.1
    public static let expect = FieldName(unchecked: "Expect")
    /// RFC 9110 §7.2
    public static let host = FieldName(unchecked: "Host")
    /// RFC 9110 §13.1.1
    public static let ifMatch = FieldName(unchecked: "If-Match")
    /// RFC 9110 §13.1.3
    public static let ifModifiedSince = FieldName(unchecked: "If-Modified-Since")
    /// RFC 9110 §13.1.2
    public static let ifNoneMatch = FieldName(unchecked: "If-None-Match")
    /// RFC 9110 §13.1.5
    public static let ifRange = FieldName(unchecked: "If-Range")
    /// RFC 9110 §13.1.4
    public static let ifUnmodifiedSince = FieldName(unchecked: "If-Unmodified-Since")
    /// RFC 9110 §8.8.2
    public static let lastModified = FieldName(unchecked: "Last-Modified")
    /// RFC 9110 §10.2.2
    public static let location = FieldName(unchecked: "Location")
    /// RFC 6454 §7
    public static let origin = FieldName(unchecked: "Origin")
    /// RFC 9110 §14.2
    public static let range = FieldName(unchecked: "Range")
    /// RFC 9110 §10.2.3
    public static let retryAfter = FieldName(unchecked: "Retry-After")
    /// RFC 6265 §4.1
    public static let setCookie = FieldName(unchecked: "Set-Cookie")
    /// RFC 9112 §6.1
    public static let transferEncoding = FieldName(unchecked: "Transfer-Encoding")
    /// RFC 9110 §10.1.5
    public static let userAgent = FieldName(unchecked: "User-Agent")
    /// RFC 9110 §12.5.5
    public static let vary = FieldName(unchecked: "Vary")
    /// RFC 9110 §11.6.1
    public static let wwwAuthenticate = FieldName(unchecked: "WWW-Authenticate")
    /// The client's address as the nearest proxies saw it; believed only from configured peers.
    public static let xForwardedFor = FieldName(unchecked: "X-Forwarded-For")
    /// RFC 7239
    public static let forwarded = FieldName(unchecked: "Forwarded")
    /// W3C Trace Context §3.2
    public static let traceparent = FieldName(unchecked: "traceparent")
}
