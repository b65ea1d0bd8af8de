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
    var bit: UInt32 { 1 &<< UInt32(number) }

    /// Recognises a name: `other` for all that are not listed above. Length and first letter leave one or two.
    init(_ name: UnsafeRawBufferPointer) { self = KnownField.recognised(name) }

    @inline(__always)
    private static func recognised(_ name: UnsafeRawBufferPointer) -> KnownField {
        guard let first = name.first.map(Octet.lower) else { return .other }
        switch (name.count, first) {
        case (4, UInt8(ascii: "h")): return name.isToken(named: "host") ? .host : .other
        case (5, UInt8(ascii: "r")): return name.isToken(named: "range") ? .range : .other
        case (6, UInt8(ascii: "a")): return name.isToken(named: "accept") ? .accept : .other
        case (6, UInt8(ascii: "c")): return name.isToken(named: "cookie") ? .cookie : .other
        case (6, UInt8(ascii: "e")): return name.isToken(named: "expect") ? .expect : .other
        case (6, UInt8(ascii: "o")): return name.isToken(named: "origin") ? .origin : .other
        case (7, UInt8(ascii: "r")): return name.isToken(named: "referer") ? .referer : .other
        case (8, UInt8(ascii: "i")):
            return name.isToken(named: "if-match") ? .ifMatch : name.isToken(named: "if-range") ? .ifRange : .other
        case (9, UInt8(ascii: "f")): return name.isToken(named: "forwarded") ? .forwarded : .other
        case (10, UInt8(ascii: "u")): return name.isToken(named: "user-agent") ? .userAgent : .other
        case (10, UInt8(ascii: "c")): return name.isToken(named: "connection") ? .connection : .other
        case (11, UInt8(ascii: "t")): return name.isToken(named: "traceparent") ? .traceparent : .other
        case (12, UInt8(ascii: "c")): return name.isToken(named: "content-type") ? .contentType : .other
        case (13, UInt8(ascii: "i")): return name.isToken(named: "if-none-match") ? .ifNoneMatch : .other
        case (13, UInt8(ascii: "a")): return name.isToken(named: "authorization") ? .authorization : .other
        case (14, UInt8(ascii: "c")): return name.isToken(named: "content-length") ? .contentLength : .other
        case (14, UInt8(ascii: "s")):
            return name.isToken(named: "sec-fetch-site")
                ? .secFetchSite : name.isToken(named: "sec-fetch-user") ? .secFetchUser : .other
        case (15, UInt8(ascii: "a")): return name.isToken(named: "accept-encoding") ? .acceptEncoding : .other
        case (15, UInt8(ascii: "x")): return name.isToken(named: "x-forwarded-for") ? .xForwardedFor : .other
        case (17, UInt8(ascii: "i")): return name.isToken(named: "if-modified-since") ? .ifModifiedSince : .other
        case (17, UInt8(ascii: "t")): return name.isToken(named: "transfer-encoding") ? .transferEncoding : .other
        case (19, UInt8(ascii: "i")): return name.isToken(named: "if-unmodified-since") ? .ifUnmodifiedSince : .other
        default: return .other
        }
    }
}
