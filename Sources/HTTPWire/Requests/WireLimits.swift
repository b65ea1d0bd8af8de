/// What a message may cost before it is refused; every number is in bytes or lines.
public struct WireLimits: Sendable, Hashable {
    /// Longest request target; longer ones are refused with 414 (RFC 9112 §3 asks for at least 8 000).
    public var targetBytes: Int
    /// Longest head, from the first byte of the request line to the empty line; 431 beyond.
    public var headBytes: Int
    /// Most field lines of a head or of trailers; 431 beyond.
    public var fieldCount: Int
    /// Longest chunk-size line with its extensions; 400 beyond.
    public var chunkLineBytes: Int
    /// Longest trailer section; 431 beyond.
    public var trailerBytes: Int

    /// The product's numbers.
    public init(
        targetBytes: Int = 16_384, headBytes: Int = 32_768, fieldCount: Int = 100, chunkLineBytes: Int = 1_024,
        trailerBytes: Int = 8_192
    ) {
        self.targetBytes = targetBytes
        self.headBytes = headBytes
        self.fieldCount = fieldCount
        self.chunkLineBytes = chunkLineBytes
        self.trailerBytes = trailerBytes
    }
}

/// Why a message is not served: the connection answers with `status` and closes, because after a doubt about framing
/// nobody knows where the next message begins.
public struct Refusal: Error, Sendable, Hashable {
    /// What the client is told.
    public let status: Status
    /// The rule, e.g. `RFC 9112 §6.3`.
    public let section: String
    /// For the log, in English.
    public let reason: String

    /// Names a refusal.
    public init(_ status: Status, _ section: String, _ reason: String) {
        self.status = status
        self.section = section
        self.reason = reason
    }
}

/// How long the content of a message is (RFC 9112 §6).
public enum BodyFraming: Sendable, Hashable {
    /// No content.
    case none
    /// As many bytes as Content-Length says.
    case length(Int64)
    /// Chunked transfer coding.
    case chunked
}

/// A complete, checked head.
public struct ParsedHead: Sendable {
    /// What handlers see.
    public let head: RequestHead
    /// How the content is delimited.
    public let framing: BodyFraming
    /// Whether the client will send another request on this connection (RFC 9112 §9.3).
    public let keepAlive: Bool
    /// Whether the client waits for 100 (Continue) before it sends the content (RFC 9110 §10.1.1).
    public let expectsContinue: Bool
    /// Bytes of the buffer that the head took; the content begins there.
    public let byteCount: Int

    /// Made by the parser, and by tests.
    public init(head: RequestHead, framing: BodyFraming, keepAlive: Bool, expectsContinue: Bool, byteCount: Int) {
        self.head = head
        self.framing = framing
        self.keepAlive = keepAlive
        self.expectsContinue = expectsContinue
        self.byteCount = byteCount
    }
    /// The same behind `count` bytes that belong to no message.
    func behind(_ count: Int) -> ParsedHead {
        ParsedHead(
            head: head, framing: framing, keepAlive: keepAlive, expectsContinue: expectsContinue,
            byteCount: byteCount + count)
    }
}
