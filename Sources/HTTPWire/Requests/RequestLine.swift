/// The request line (RFC 9112 §3): method SP target SP version, one space each.
struct RequestLine {
    static let longestMethod = 32

    /// Places within the line.
    struct Target {
        var path: ByteSpan
        var query: ByteSpan?
        /// The authority of an absolute-form target, which overrides Host (RFC 9112 §3.2.2).
        var authority: ByteSpan?
    }

    let method: Method
    let target: Target
    let version: RequestHead.Version

    init(_ line: UnsafeRawBufferPointer, limits: WireLimits) throws(Refusal) {
        guard let first = line.firstOffset(of: Octet.space, from: 0) else {
            throw Refusal(.badRequest, "RFC 9112 §3", "no target")
        }
        method = try RequestLine.method(UnsafeRawBufferPointer(rebasing: line[..<first]))
        guard let second = line.firstOffset(of: Octet.space, from: first + 1), second > first + 1 else {
            throw Refusal(.badRequest, "RFC 9112 §3", "no version")
        }
        version = try RequestLine.version(UnsafeRawBufferPointer(rebasing: line[(second + 1)...]))
        guard second - first - 1 <= limits.targetBytes else {
            throw Refusal(.uriTooLong, "RFC 9112 §3", "target too long")
        }
        target = try RequestLine.target(line, first + 1..<second, method: method)
    }

    private static func method(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> Method {
        if bytes.equals("GET") { return .get }
        if bytes.equals("POST") { return .post }
        guard !bytes.isEmpty, bytes.count <= longestMethod, bytes.allSatisfy(isTokenByte) else {
            throw Refusal(.badRequest, "RFC 9112 §3.1", "method is not a token")
        }
        return Method(unchecked: bytes.text)
    }

    private static func version(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> RequestHead.Version {
        if bytes.equals("HTTP/1.1") { return .http11 }
        guard bytes.count == 8, UnsafeRawBufferPointer(rebasing: bytes[..<5]).equals("HTTP/"), Octet.isDigit(bytes[5]),
            bytes[6] == UInt8(ascii: "."), Octet.isDigit(bytes[7])
        else { throw Refusal(.badRequest, "RFC 9112 §2.3", "malformed version") }
        guard bytes[5] == UInt8(ascii: "1") else {
            throw Refusal(.versionNotSupported, "RFC 9110 §15.6.6", "not HTTP/1.x")
        }
        // A later minor version is served as 1.1, the latest this program speaks (RFC 9110 §2.5).
        return bytes[7] == UInt8(ascii: "0") ? .http10 : .http11
    }

    private static func target(
        _ line: UnsafeRawBufferPointer, _ range: Range<Int>, method: Method
    ) throws(Refusal) -> Target {
        guard method != Method(unchecked: "CONNECT") else {
            throw Refusal(.notImplemented, "RFC 9110 §9.3.6", "CONNECT is for proxies")
        }
        let first = line[range.lowerBound]
        if first == Octet.slash { return try split(line, range) }
        if range.count == 1, first == UInt8(ascii: "*") {
            guard method == .options else { throw Refusal(.badRequest, "RFC 9112 §3.2.4", "* is for OPTIONS") }
            return Target(path: ByteSpan(range.lowerBound, count: 1))
        }
        return try absolute(line, range)
    }

    private static func absolute(_ line: UnsafeRawBufferPointer, _ range: Range<Int>) throws(Refusal) -> Target {
        for scheme in ["http://" as StaticString, "https://"] {
            let start = range.lowerBound + scheme.utf8CodeUnitCount
            guard start < range.upperBound,
                UnsafeRawBufferPointer(rebasing: line[range.lowerBound..<start]).equalsIgnoringCase(scheme)
            else { continue }
            let rest = line[start..<range.upperBound]
            let end = rest.firstIndex { $0 == Octet.slash || $0 == Octet.questionMark } ?? range.upperBound
            guard HostRules.isValid(UnsafeRawBufferPointer(rebasing: line[start..<end])) else {
                throw Refusal(.badRequest, "RFC 9112 §3.2.2", "invalid authority")
            }
            var target = try split(line, end..<range.upperBound)
            // An empty path is "/" (RFC 9110 §4.2.3); the scheme's own slash serves for it.
            if target.path.count == 0 { target.path = ByteSpan(start - 1, count: 1) }
            target.authority = ByteSpan(start, count: end - start)
            return target
        }
        throw Refusal(.badRequest, "RFC 9112 §3.2", "target is neither a path nor an http URI")
    }

    private static func split(_ line: UnsafeRawBufferPointer, _ range: Range<Int>) throws(Refusal) -> Target {
        var mark: Int?
        for index in range {
            let byte = line[index]
            if byte == Octet.questionMark, mark == nil { mark = index }
            guard isTargetByte(byte, inPath: mark == nil) else {
                throw Refusal(.badRequest, "RFC 9112 §3.2", "byte not allowed in a target")
            }
        }
        let end = mark ?? range.upperBound
        return Target(
            path: ByteSpan(range.lowerBound, count: end - range.lowerBound),
            query: mark.map { ByteSpan($0 + 1, count: range.upperBound - $0 - 1) })
    }

    /// RFC 3986 §3.3 and §3.4, and beyond them the few visible characters that browsers leave unencoded
    /// (WHATWG URL, query percent-encode set).
    private static func isTargetByte(_ byte: UInt8, inPath: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "<"), UInt8(ascii: ">"): false
        case Octet.backslash: !inPath
        default: byte > 0x20 && byte < 0x7F
        }
    }
}
