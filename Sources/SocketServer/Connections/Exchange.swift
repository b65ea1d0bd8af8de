import HTTPWire

/// One request and its answer on a connection. Lives on the loop's thread.
final class Exchange {
    let parsed: ParsedHead
    let peer: Peer
    let startedAt: UInt64
    var decoder: BodyDecoder
    /// Where content goes; nil when nobody wants it.
    var pipe: BodyPipe?
    var bodyLimit: Int64 = 0
    /// The client waits for 100 (Continue), which has not been sent.
    var owesContinue: Bool
    var keepAlive: Bool
    var task: Task<Void, Never>?
    /// Whether the head of the answer is out.
    var isAnswered = false
    /// Whether the whole answer is in the output.
    var isComplete = false
    /// The answer came from the server itself; what the handler still says is ignored.
    var isAbandoned = false
    var discarded: Int64 = 0
    var status = Status.ok
    var sentBytes: Int64 = 0
    var framing = ResponseFraming.none
    var refusal: Refusal?

    init(parsed: ParsedHead, peer: Peer, limits: WireLimits, startedAt: UInt64) {
        self.parsed = parsed
        self.peer = peer
        self.startedAt = startedAt
        decoder = BodyDecoder(framing: parsed.framing, limits: limits)
        owesContinue = parsed.expectsContinue
        keepAlive = parsed.keepAlive
    }
}
