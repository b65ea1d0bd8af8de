/// The request line (RFC 9112 §3): method SP target SP version, one space each.
struct RequestLine {
    static let longestMethod = 32

    let method: Method
    let path: String
    let query: String?
    /// The authority of an absolute-form target, which overrides Host (RFC 9112 §3.2.2).
    let authority: String?
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
        let target = UnsafeRawBufferPointer(rebasing: line[(first + 1)..<second])
        guard target.count <= limits.targetBytes else {
            throw Refusal(.uriTooLong, "RFC 9112 §3", "target too long")
        }
        (path, query, authority) = try RequestLine.target(target, method: method)
    }

    private static func method(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> Method {
        guard !bytes.isEmpty, bytes.count <= longestMethod, bytes.allSatisfy(isTokenByte) else {
            throw Refusal(.badRequest, "RFC 9112 §3.1", "method is not a token")
        }
        if bytes.elementsEqual("GET".utf8) { return .get }
        if bytes.elementsEqual("POST".utf8) { return .post }
        return Method(unchecked: bytes.text)
    }

    private static func version(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> RequestHead.Version {
        guard bytes.count == 8, bytes[..<5].elementsEqual("HTTP/".utf8), Octet.isDigit(bytes[5]),
            bytes[6] == UInt8(ascii: "."), Octet.isDigit(bytes[7])
        else { throw Refusal(.badRequest, "RFC 9112 §2.3", "malformed version") }
        guard bytes[5] == UInt8(ascii: "1") else {
            throw Refusal(.versionNotSupported, "RFC 9110 §15.6.6", "not HTTP/1.x")
        }
        // A later minor version is served as 1.1, the latest this program speaks (RFC 9110 §2.5).
        return bytes[7] == UInt8(ascii: "0") ? .http10 : .http11
    }

    private static func target(
        _ bytes: UnsafeRawBufferPointer, method: Method
    ) throws(Refusal) -> (path: String, query: String?, authority: String?) {
        guard method != Method(unchecked: "CONNECT") else {
            throw Refusal(.notImplemented, "RFC 9110 §9.3.6", "CONNECT is for proxies")
        }
        if bytes.count == 1, bytes[0] == UInt8(ascii: "*") {
            guard method == .options else { throw Refusal(.badRequest, "RFC 9112 §3.2.4", "* is for OPTIONS") }
            return ("*", nil, nil)
        }
        if bytes[0] == Octet.slash {
            let (path, query) = try split(bytes)
            return (path, query, nil)
        }
        return try absolute(bytes)
    }

    private static func absolute(
        _ bytes: UnsafeRawBufferPointer
    ) throws(Refusal) -> (path: String, query: String?, authority: String?) {
        for scheme in ["http://" as StaticString, "https://"] {
            let length = scheme.utf8CodeUnitCount
            guard bytes.count > length,
                UnsafeRawBufferPointer(rebasing: bytes[..<length]).equalsIgnoringCase(scheme)
            else { continue }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[length...])
            let end = rest.firstIndex { $0 == Octet.slash || $0 == Octet.questionMark } ?? rest.count
            let authority = UnsafeRawBufferPointer(rebasing: rest[..<end])
            guard HostRules.isValid(authority) else {
                throw Refusal(.badRequest, "RFC 9112 §3.2.2", "invalid authority")
            }
            let (path, query) = try split(UnsafeRawBufferPointer(rebasing: rest[end...]))
            return (path.isEmpty ? "/" : path, query, authority.text)
        }
        throw Refusal(.badRequest, "RFC 9112 §3.2", "target is neither a path nor an http URI")
    }

    private static func split(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> (path: String, query: String?) {
        let mark = bytes.firstOffset(of: Octet.questionMark, from: 0)
        for (offset, byte) in bytes.enumerated() where !isTargetByte(byte, inPath: offset < mark ?? bytes.count) {
            throw Refusal(.badRequest, "RFC 9112 §3.2", "byte not allowed in a target")
        }
        guard let mark else { return (bytes.text, nil) }
        return (
            UnsafeRawBufferPointer(rebasing: bytes[..<mark]).text,
            UnsafeRawBufferPointer(rebasing: bytes[(mark + 1)...]).text
        )
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
