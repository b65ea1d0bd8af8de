/// Bytes to request heads, strictly (RFC 9112): every doubt about framing is a refusal.
///
/// The caller hands over everything received since the last head; the parser remembers how far it has looked, so that
/// a head that drips in byte by byte costs one look a byte.
public struct RequestParser: Sendable {
    /// What a head may cost.
    public let limits: WireLimits
    private var scanned = 0
    private var lineStart = 0
    private var headStart = 0

    /// A parser at the beginning of a message.
    public init(limits: WireLimits = WireLimits()) {
        self.limits = limits
    }

    /// Forgets what was looked at; called once a head has been taken out of the buffer.
    public mutating func reset() {
        scanned = 0
        lineStart = 0
        headStart = 0
    }

    /// The head at the beginning of `bytes`; nil while it is incomplete.
    public mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> ParsedHead? {
        guard let end = try findEnd(bytes) else {
            try checkUnfinished(bytes)
            return nil
        }
        guard end - headStart <= limits.headBytes else { throw RequestParser.headTooLarge }
        var lines = HeadLines(bytes: bytes, position: headStart, end: end)
        let line = try RequestLine(lines.next(), limits: limits)
        var section = FieldSection(limits: limits)
        while let field = lines.nextField() { try section.add(field) }
        return try HeadRules.check(line: line, section: section, byteCount: end)
    }

    /// Looks for the empty line; refuses bare LF on the way. Returns the offset behind the head.
    private mutating func findEnd(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> Int? {
        while let newline = bytes.firstOffset(of: Octet.lineFeed, from: scanned) {
            scanned = newline + 1
            guard newline > lineStart, bytes[newline - 1] == Octet.carriageReturn else {
                throw Refusal(.badRequest, "RFC 9112 §2.2", "bare LF")
            }
            let isEmpty = newline - 1 == lineStart
            if isEmpty, lineStart == headStart {
                // One empty line before the request line is ignored (RFC 9112 §2.2); more are a doubt.
                guard headStart == 0 else {
                    throw Refusal(.badRequest, "RFC 9112 §2.2", "empty lines before a request")
                }
                headStart = scanned
            } else if isEmpty {
                return scanned
            }
            lineStart = scanned
        }
        scanned = bytes.count
        return nil
    }

    private func checkUnfinished(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
        let received = bytes.count - headStart
        if lineStart == headStart {
            // Still in the request line: the method and version take little beside the target.
            if received > limits.targetBytes + RequestLine.longestMethod + 16 {
                throw Refusal(.uriTooLong, "RFC 9112 §3", "request line too long")
            }
            if received > 0, !isTokenByte(bytes[headStart]), bytes[headStart] != Octet.carriageReturn {
                throw Refusal(.badRequest, "RFC 9112 §3", "no request line")
            }
        }
        if received > limits.headBytes { throw RequestParser.headTooLarge }
    }

    static let headTooLarge = Refusal(.headerFieldsTooLarge, "RFC 6585 §5", "head too large")
}

/// Cuts a complete head into lines; every line ends with CRLF, which `findEnd` has seen.
struct HeadLines {
    let bytes: UnsafeRawBufferPointer
    var position: Int
    let end: Int

    mutating func next() -> UnsafeRawBufferPointer {
        let newline = bytes.firstOffset(of: Octet.lineFeed, from: position) ?? end
        defer { position = newline + 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<max(position, newline - 1)])
    }

    /// nil at the empty line.
    mutating func nextField() -> UnsafeRawBufferPointer? {
        let line = next()
        return line.isEmpty ? nil : line
    }
}
