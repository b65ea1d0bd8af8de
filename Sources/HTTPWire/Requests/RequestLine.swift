/// The request line (RFC 9112 §3): method SP target SP version, one space each.
enum RequestLine {
    static let longestMethod = 32

    /// Reads the line that `head` begins with into `storage`. Returns where the first field line begins; nil when `head` ends
    /// before the line does.
    static func read(
        _ head: Octets, into storage: HeadStorage, limits: WireLimits
    ) throws(Refusal) -> Int? {
        if let next = readUsual(head, into: storage, limits: limits) { return next }
        guard let newline = head[0..<head.count].firstOffset(of: Octet.lineFeed, from: 0), newline > 0,
            head[newline - 1] == Octet.carriageReturn
        else { return nil }
        try read(line: head[0..<(newline - 1)], into: storage, limits: limits)
        return newline + 1
    }

    /// The line of nearly every request in one walk: GET or POST, a path, perhaps a query, HTTP/1.1. nil for any other, and
    /// for any doubt.
    @inline(__always)
    private static func readUsual(_ head: Octets, into storage: HeadStorage, limits: WireLimits) -> Int? {
        let word = head.word(at: 0)
        let isGet = word & 0xFFFF_FFFF == 0x2054_4547  // "GET "
        guard isGet || word & 0xFF_FFFF_FFFF == 0x20_5453_4F50 else { return nil }  // "POST "
        let start = isGet ? 4 : 5
        guard head[start] == Octet.slash else { return nil }
        let pathEnd = head.firstBeyondPath(from: start)
        var end = pathEnd
        if head[end] == Octet.questionMark {
            repeat { end &+= 1 } while isTargetByte(head[end], inPath: false)
        }
        guard head[end] == Octet.space, end &- start <= limits.targetBytes,
            head.word(at: end &+ 1) == 0x312E_312F_5054_5448,  // "HTTP/1.1"
            head.word(at: end &+ 9) & 0xFFFF == 0x0A0D  // CRLF
        else { return nil }
        if isGet { storage.begin(.get, .http11) } else { storage.begin(.post, .http11) }
        storage.path = ByteSpan(start, count: pathEnd &- start)
        storage.query = pathEnd < end ? ByteSpan(pathEnd &+ 1, count: end &- pathEnd &- 1) : nil
        return end &+ 11
    }

    private static func read(
        line: UnsafeRawBufferPointer, into storage: HeadStorage, limits: WireLimits
    ) throws(Refusal) {
        guard let first = line.firstOffset(of: Octet.space, from: 0) else {
            throw Refusal(.badRequest, "RFC 9112 §3", "no target")
        }
        let method = try method(UnsafeRawBufferPointer(rebasing: line[..<first]))
        guard let second = line.firstOffset(of: Octet.space, from: first + 1), second > first + 1 else {
            throw Refusal(.badRequest, "RFC 9112 §3", "no version")
        }
        storage.begin(method, try version(UnsafeRawBufferPointer(rebasing: line[(second + 1)...])))
        guard second - first - 1 <= limits.targetBytes else {
            throw Refusal(.uriTooLong, "RFC 9112 §3", "target too long")
        }
        try readTarget(line, first + 1..<second, into: storage)
    }

    private static func method(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> Method {
        if bytes.equals("GET") { return .get }
        if bytes.equals("POST") { return .post }
        guard !bytes.isEmpty, bytes.allSatisfy(isTokenByte) else {
            throw Refusal(.badRequest, "RFC 9112 §3.1", "method is not a token")
        }
        guard bytes.count <= longestMethod else {
            throw Refusal(.notImplemented, "RFC 9112 §3", "method longer than any")
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

    private static func readTarget(
        _ line: UnsafeRawBufferPointer, _ range: Range<Int>, into storage: HeadStorage
    ) throws(Refusal) {
        guard storage.method != Method(unchecked: "CONNECT") else {
            throw Refusal(.notImplemented, "RFC 9110 §9.3.6", "CONNECT is for proxies")
        }
        let first = line[range.lowerBound]
        if first == Octet.slash { return try split(line, range, into: storage) }
        guard range.count == 1, first == UInt8(ascii: "*") else { return try readAbsolute(line, range, into: storage) }
        guard storage.method == .options else { throw Refusal(.badRequest, "RFC 9112 §3.2.4", "* is for OPTIONS") }
        storage.path = ByteSpan(range.lowerBound, count: 1)
    }

    private static func readAbsolute(
        _ line: UnsafeRawBufferPointer, _ range: Range<Int>, into storage: HeadStorage
    ) throws(Refusal) {
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
            try split(line, end..<range.upperBound, into: storage)
            // An empty path is "/" (RFC 9110 §4.2.3); the scheme's own slash serves for it.
            if storage.path.count == 0 { storage.path = ByteSpan(start - 1, count: 1) }
            storage.authority = ByteSpan(start, count: end - start)
            return
        }
        throw Refusal(.badRequest, "RFC 9112 §3.2", "target is neither a path nor an http URI")
    }

    private static func split(
        _ line: UnsafeRawBufferPointer, _ range: Range<Int>, into storage: HeadStorage
    ) throws(Refusal) {
        var mark: Int?
        for index in range {
            let byte = line[index]
            if byte == Octet.questionMark, mark == nil { mark = index }
            guard isTargetByte(byte, inPath: mark == nil) else {
                throw Refusal(.badRequest, "RFC 9112 §3.2", "byte not allowed in a target")
            }
        }
        let end = mark ?? range.upperBound
        storage.path = ByteSpan(range.lowerBound, count: end - range.lowerBound)
        storage.query = mark.map { ByteSpan($0 + 1, count: range.upperBound - $0 - 1) }
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

extension Octets {
    /// Where the first byte stands that no path holds; `count` when there is none.
    @inline(__always)
    fileprivate func firstBeyondPath(from start: Int) -> Int {
        var position = start
        while position < count {
            let word = word(at: position)
            let found =
                Octet.below(word, 0x21) | Octet.matches(word, 0x7F) | Octet.beyond(word)
                // Quote and "#", then "<", "=", ">" and "?": apart by their last bits.
                | Octet.matches(word | Octet.ones, 0x23) | Octet.matches(word | Octet.ones &* 3, 0x3F)
                | Octet.matches(word, Octet.backslash)
            guard found != 0 else {
                position &+= 8
                continue
            }
            position &+= found.firstByte
            guard self[position] == UInt8(ascii: "=") else { break }
            position &+= 1
        }
        return Swift.min(position, count)
    }
}
