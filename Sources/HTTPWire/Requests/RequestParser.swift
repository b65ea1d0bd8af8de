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
        let storage = buffer.fresh()
        // Usually everything is there, and good: then one walk is all. Whatever is wrong with less than a head is said below.
        if scanned == 0, let parsed = try? RequestParser.read(bytes, into: storage, limits) { return parsed }
        guard let end = try findEnd(bytes) else {
            try checkUnfinished(bytes)
            return nil
        }
        guard end - headStart <= limits.headBytes else { throw RequestParser.headTooLarge }
        let head = UnsafeRawBufferPointer(rebasing: bytes[headStart..<end])
        return try RequestParser.read(head, into: storage, limits)?.behind(headStart)
    }

    /// Reads the head that `bytes` begin with, in one walk; nil when they end before it does, or it is longer than it may be.
    private static func read(
        _ bytes: UnsafeRawBufferPointer, into storage: HeadStorage, _ limits: WireLimits
    ) throws(Refusal) -> ParsedHead? {
        guard let bytes = Octets(bytes), var position = try RequestLine.read(bytes, into: storage, limits: limits)
        else { return nil }
        var count = 0
        while bytes[position] != Octet.carriageReturn || bytes[position &+ 1] != Octet.lineFeed {
            count &+= 1
            guard count <= limits.fieldCount else { throw FieldSection.tooMany }
            guard let field = try FieldLine(bytes, at: position) else { return nil }
            storage.add(HeadStorage.Line(name: field.name, value: field.value, known: field.known))
            position = field.next
        }
        position &+= 2
        guard position <= limits.headBytes else { return nil }
        storage.keep(bytes[0..<position])
        return try HeadRules.check(storage, byteCount: position)
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
