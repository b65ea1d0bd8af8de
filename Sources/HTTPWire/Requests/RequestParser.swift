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
        var buffer = HeadBuffer()
        return try parse(bytes, into: &buffer)
    }

    /// The same; the head's bytes are kept in `buffer`.
    public mutating func parse(
        _ bytes: UnsafeRawBufferPointer, into buffer: inout HeadBuffer
    ) throws(Refusal) -> ParsedHead? {
        guard let end = try findEnd(bytes) else {
            try checkUnfinished(bytes)
            return nil
        }
        guard end - headStart <= limits.headBytes else { throw RequestParser.headTooLarge }
        let head = UnsafeRawBufferPointer(rebasing: bytes[headStart..<end])
        var lines = HeadLines(bytes: head)
        let line = try RequestLine(lines.next(), limits: limits)
        let storage = buffer.fresh()
        storage.refill(head)
        storage.path = line.target.path
        storage.query = line.target.query
        var count = 0
        while let bytes = lines.nextField() {
            count += 1
            guard count <= limits.fieldCount else { throw FieldSection.tooMany }
            let field = try FieldLine(bytes)
            storage.add(
                HeadStorage.Line(
                    name: head.span(of: field.name), value: head.span(of: field.value), known: KnownField(field.name)))
        }
        return try HeadRules(storage: storage, version: line.version)
            .check(method: line.method, authority: line.target.authority, byteCount: end)
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
    var position = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> UnsafeRawBufferPointer {
        let newline = bytes.firstOffset(of: Octet.lineFeed, from: position) ?? bytes.count
        defer { position = newline + 1 }
        return UnsafeRawBufferPointer(
            start: bytes.baseAddress.map { $0 + position }, count: max(0, newline - 1 - position))
    }

    /// nil at the empty line.
    mutating func nextField() -> UnsafeRawBufferPointer? {
        let line = next()
        return line.isEmpty ? nil : line
    }
}

extension UnsafeRawBufferPointer {
    /// Where `part`, which lies inside, stands.
    fileprivate func span(of part: UnsafeRawBufferPointer) -> ByteSpan {
        guard let base = baseAddress, let start = part.baseAddress else { return ByteSpan(0, count: 0) }
        return ByteSpan(start - base, count: part.count)
    }
}
