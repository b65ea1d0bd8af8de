/// Where a connection stands and until when it may stay there: events in, verdicts out, no sockets and no clock.
/// Times are monotonic milliseconds.
struct ConnectionState: Sendable {
    enum Phase: Sendable, Equatable {
        /// Nothing has come yet.
        case silent
        /// Between requests.
        case idle
        /// A head is coming in.
        case head
        /// Content is coming in.
        case body
        /// The request is complete, the answer is being made.
        case handling
        /// The last answer is out; the client is given time to read it.
        case lingering
    }

    /// What a passed deadline asks for.
    enum Verdict: Sendable, Equatable {
        case none
        /// Close without a word.
        case close(Ending)
        /// Answer 408 and close.
        case requestTimeout
        /// Answer 503 and close.
        case handlerTimeout
    }

    /// Why a connection is closed without an answer; the text is for metrics.
    enum Ending: String, Sendable, CaseIterable {
        /// Nothing came, or no handshake to its end.
        case silent
        /// No further request came.
        case keepAlive = "keep-alive"
        /// An answer was read too slowly.
        case write
        /// The last answer was out, and the client did not close.
        case linger
        /// A client that was refused went on sending.
        case discard
    }

    private(set) var phase: Phase = .silent
    private(set) var since: UInt64
    private var bodyBytes: UInt64 = 0
    private var heldBackSince: UInt64?
    private var outputSince: UInt64?

    init(now: UInt64) { since = now }

    mutating func enter(_ phase: Phase, now: UInt64) {
        // A head that drips in keeps its first byte's time; an answer given at once begins a new wait.
        guard phase != self.phase || phase == .body || phase == .idle else { return }
        self.phase = phase
        since = now
        bodyBytes = 0
        heldBackSince = nil
    }

    mutating func bodyReceived(_ count: Int) { bodyBytes += UInt64(count) }

    /// Reading is paused because the handler is slow: that time is not the client's fault.
    mutating func heldBack(_ isHeldBack: Bool, now: UInt64) {
        if isHeldBack {
            if heldBackSince == nil { heldBackSince = now }
        } else if let start = heldBackSince {
            since += now - start
            heldBackSince = nil
        }
    }

    /// Output waits for the client; nil progress restarts nothing.
    mutating func outputPending(_ isPending: Bool, progressed: Bool, now: UInt64) {
        if !isPending {
            // Who read a long answer to its end waits for the next request from then on.
            if outputSince != nil, phase == .idle { since = now }
            outputSince = nil
        } else if progressed || outputSince == nil {
            outputSince = now
        }
    }

    func verdict(now: UInt64, _ limits: ServerLimits) -> Verdict {
        if let outputSince, now > outputSince + limits.writeMilliseconds { return .close(.write) }
        // An answer is on its way: whoever reads it is not silent.
        if outputSince != nil, phase != .body, phase != .lingering { return .none }
        switch phase {
        case .silent: return now > since + limits.silentMilliseconds ? .close(.silent) : .none
        case .idle: return now > since + limits.keepAliveMilliseconds ? .close(.keepAlive) : .none
        case .head: return now > since + limits.headMilliseconds ? .requestTimeout : .none
        case .lingering: return now > since + limits.lingerMilliseconds ? .close(.linger) : .none
        case .handling: return now > since + limits.handlerMilliseconds ? .handlerTimeout : .none
        case .body: return bodyVerdict(now: now, limits)
        }
    }

    /// While the server stops: whether there was time enough for a request on its way.
    func mayEnd(now: UInt64, drainStart: UInt64, _ limits: ServerLimits) -> Bool {
        now > max(since, drainStart) + limits.drainIdleMilliseconds
    }

    private func bodyVerdict(now: UInt64, _ limits: ServerLimits) -> Verdict {
        if let heldBackSince { return now > heldBackSince + limits.handlerMilliseconds ? .handlerTimeout : .none }
        let elapsed = now - since
        guard elapsed > limits.bodyGraceMilliseconds else { return .none }
        return bodyBytes * 1000 < elapsed * limits.bodyBytesPerSecond ? .requestTimeout : .none
    }
}
