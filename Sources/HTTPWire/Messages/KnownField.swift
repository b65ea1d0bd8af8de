/// A number for the names that requests usually carry: the parser recognises them once, and every later look-up compares
/// a byte instead of two texts. 0 stands for all other names.
struct KnownField: Hashable, Sendable {
    let number: UInt8

    static let other = KnownField(number: 0)
    static let host = KnownField(number: 1)
    static let accept = KnownField(number: 2)
    static let acceptEncoding = KnownField(number: 3)
    static let cookie = KnownField(number: 4)
    static let userAgent = KnownField(number: 5)
    static let connection = KnownField(number: 6)
    static let contentType = KnownField(number: 7)
    static let contentLength = KnownField(number: 8)
    static let transferEncoding = KnownField(number: 9)
    static let expect = KnownField(number: 10)
    static let ifMatch = KnownField(number: 11)
    static let ifNoneMatch = KnownField(number: 12)
    static let ifModifiedSince = KnownField(number: 13)
    static let ifUnmodifiedSince = KnownField(number: 14)
    static let ifRange = KnownField(number: 15)
    static let range = KnownField(number: 16)
    static let forwarded = KnownField(number: 17)
    static let xForwardedFor = KnownField(number: 18)
    static let authorization = KnownField(number: 19)
    static let origin = KnownField(number: 20)
    static let traceparent = KnownField(number: 21)
    static let referer = KnownField(number: 22)
    static let secFetchSite = KnownField(number: 23)
    static let secFetchUser = KnownField(number: 24)

    init(number: UInt8) { self.number = number }

    /// Its place in a set of those present.
    var bit: UInt32 { 1 << UInt32(number) }

    /// Recognises a name, which must be a token; `other` for all that is not listed above.
    init(_ name: UnsafeRawBufferPointer) {
        guard let (text, field) = KnownField.candidate(name), name.isToken(named: text) else {
            self = .other
            return
        }
        self = field
    }

    /// Length and first letter leave one name each.
    private static func candidate(_ name: UnsafeRawBufferPointer) -> (StaticString, KnownField)? {
        guard let first = name.first.map(Octet.lower) else { return nil }
        switch (name.count, first) {
        case (4, UInt8(ascii: "h")): return ("host", .host)
        case (5, UInt8(ascii: "r")): return ("range", .range)
        case (6, UInt8(ascii: "a")): return ("accept", .accept)
        case (6, UInt8(ascii: "c")): return ("cookie", .cookie)
        case (6, UInt8(ascii: "e")): return ("expect", .expect)
        case (6, UInt8(ascii: "o")): return ("origin", .origin)
        case (7, UInt8(ascii: "r")): return ("referer", .referer)
        case (8, UInt8(ascii: "i")):
            return Octet.lower(name[3]) == UInt8(ascii: "m") ? ("if-match", .ifMatch) : ("if-range", .ifRange)
        case (9, UInt8(ascii: "f")): return ("forwarded", .forwarded)
        case (10, UInt8(ascii: "u")): return ("user-agent", .userAgent)
        case (10, UInt8(ascii: "c")): return ("connection", .connection)
        case (11, UInt8(ascii: "t")): return ("traceparent", .traceparent)
        case (12, UInt8(ascii: "c")): return ("content-type", .contentType)
        case (13, UInt8(ascii: "i")): return ("if-none-match", .ifNoneMatch)
        case (13, UInt8(ascii: "a")): return ("authorization", .authorization)
        case (14, UInt8(ascii: "c")): return ("content-length", .contentLength)
        case (14, UInt8(ascii: "s")):
            return Octet.lower(name[10]) == UInt8(ascii: "s")
                ? ("sec-fetch-site", .secFetchSite) : ("sec-fetch-user", .secFetchUser)
        case (15, UInt8(ascii: "a")): return ("accept-encoding", .acceptEncoding)
        case (15, UInt8(ascii: "x")): return ("x-forwarded-for", .xForwardedFor)
        case (17, UInt8(ascii: "i")): return ("if-modified-since", .ifModifiedSince)
        case (17, UInt8(ascii: "t")): return ("transfer-encoding", .transferEncoding)
        case (19, UInt8(ascii: "i")): return ("if-unmodified-since", .ifUnmodifiedSince)
        default: return nil
        }
    }
}
