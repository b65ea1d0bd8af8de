import HTTPWire

/// One request and its answer on a connection.
final class Exchange: @unchecked Sendable {
    // Guard: touched on the loop's thread only, where the handler's task runs too.
    let parsed: ParsedHead
    let peer: Peer
    let startedAt: UInt64
    @exclusivity(unchecked) var decoder: BodyDecoder
    /// Where content goes; nil when nobody wants it.
    @exclusivity(unchecked) var pipe: BodyPipe?
    /// The same for its reader, which learns how the content ended even after the connection let go of it.
    @exclusivity(unchecked) var readerPipe: BodyPipe?
    @exclusivity(unchecked) var bodyLimit: Int64 = 0
    /// The client waits for 100 (Continue), which has not been sent.
    @exclusivity(unchecked) var owesContinue: Bool
    @exclusivity(unchecked) var keepAlive: Bool
    @exclusivity(unchecked) var task: Task<Void, Never>?
    /// Among those of its client, when a proxy speaks for it.
    @exclusivity(unchecked) var place: ClientPlaces.Place?
    /// Whether the head of the answer is out.
    @exclusivity(unchecked) var isAnswered = false
    /// Whether the whole answer is in the output.
    @exclusivity(unchecked) var isComplete = false
    /// The answer came from the server itself; what the handler still says is ignored.
    @exclusivity(unchecked) var isAbandoned = false
    @exclusivity(unchecked) var discarded: Int64 = 0
    @exclusivity(unchecked) var status = Status.ok
    @exclusivity(unchecked) var sentBytes: Int64 = 0
    @exclusivity(unchecked) var framing = ResponseFraming.none
    @exclusivity(unchecked) var refusal: Refusal?

    /// How many pieces came at the reader's call, and in which turn of the loop.
    @exclusivity(unchecked) private var pieces = (turn: UInt64(0), count: 0)

    init(parsed: ParsedHead, peer: Peer, limits: WireLimits, startedAt: UInt64) {
        self.parsed = parsed
        self.peer = peer
        self.startedAt = startedAt
        decoder = BodyDecoder(framing: parsed.framing, limits: limits)
        owesContinue = parsed.expectsContinue
        keepAlive = parsed.keepAlive
    }

    /// Whether one more piece may come at the reader's call: a few a turn, so that others are not starved.
    func mayReceive(turn: UInt64) -> Bool {
        if pieces.turn != turn { pieces = (turn, 0) }
        pieces.count += 1
        return pieces.count <= 4
    }
}
