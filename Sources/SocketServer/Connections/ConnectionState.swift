/// What became of the bytes that the kernel was given on a connection.
struct Delivery: Sendable, Equatable {
    /// The client's system has them.
    let acknowledged: UInt64
    /// On their way, or waiting for the client to make room.
    let outstanding: UInt64
}

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
        /// The answer comes in pieces, the last of them a while ago.
        case answering
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
        /// No PROXY header came where one is asked for, or one from somebody who may not speak for others.
        case proxyHeader = "proxy-header"
    }

    private(set) var phase: Phase = .silent
    private(set) var since: UInt64
    private var bodyBytes: UInt64 = 0
    private var heldBackSince: UInt64?
    private var isOutputPending = false
    /// Since when the client's reading is measured, and how much it had acknowledged then.
    private var reading: (since: UInt64, acknowledged: UInt64)?

    init(now: UInt64) { since = now }

    mutating func enter(_ phase: Phase, now: UInt64) {
        // A head that drips in keeps its first byte's time; an answer given at once begins a new wait.
        guard phase != self.phase || phase == .body || phase == .idle || phase == .answering else { return }
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

    var isHeldBack: Bool { heldBackSince != nil }

    /// Output waits for the client, or does no more.
    mutating func outputPending(_ isPending: Bool, now: UInt64) {
        guard isPending != isOutputPending else { return }
        isOutputPending = isPending
        reading = nil
        // Who read a long answer to its end waits for the next request from then on.
        if !isPending, phase == .idle { since = now }
    }

    /// `delivery` is asked only when the client's reading must be looked at.
    mutating func verdict(now: UInt64, _ limits: ServerLimits, _ delivery: @autoclosure () -> Delivery) -> Verdict {
        if isOutputPending, readsTooSlowly(now: now, limits, delivery) { return .close(.write) }
        // An answer is on its way: whoever reads it is not silent.
        if isOutputPending, phase != .body, phase != .lingering { return .none }
        switch phase {
        case .silent: return now > since + limits.silentMilliseconds ? .close(.silent) : .none
        case .idle: return now > since + limits.keepAliveMilliseconds ? .close(.keepAlive) : .none
        case .head: return now > since + limits.headMilliseconds ? .requestTimeout : .none
        case .lingering: return now > since + limits.lingerMilliseconds ? .close(.linger) : .none
        case .handling, .answering: return now > since + limits.handlerMilliseconds ? .handlerTimeout : .none
        case .body: return bodyVerdict(now: now, limits)
        }
    }

    /// While the server stops: whether there was time enough for a request on its way.
    func mayEnd(now: UInt64, drainStart: UInt64, _ limits: ServerLimits) -> Bool {
        now > max(since, drainStart) + limits.drainIdleMilliseconds
    }

    /// What counts is what arrives: the kernel may take nothing for long while the client reads what it holds, and may take
    /// a little of an answer now and then for a client that hardly reads.
    private mutating func readsTooSlowly(now: UInt64, _ limits: ServerLimits, _ delivery: () -> Delivery) -> Bool {
        guard let reading else {
            self.reading = (now, delivery().acknowledged)
            return false
        }
        let elapsed = now - reading.since
        guard elapsed > limits.writeMilliseconds else { return false }
        let latest = delivery()
        self.reading = (now, latest.acknowledged)
        // With nothing on its way the client waits for the server.
        guard latest.outstanding > 0 else { return false }
        return latest.acknowledged * 1000 < reading.acknowledged * 1000 + elapsed * limits.writeBytesPerSecond
    }

    private mutating func bodyVerdict(now: UInt64, _ limits: ServerLimits) -> Verdict {
        if let heldBackSince { return now > heldBackSince + limits.handlerMilliseconds ? .handlerTimeout : .none }
        let elapsed = now - since
        guard elapsed > limits.bodyGraceMilliseconds else { return .none }
        guard bodyBytes * 1000 >= elapsed * limits.bodyBytesPerSecond else { return .requestTimeout }
        // Each stretch by itself: who sent much at once has not earned silence by it.
        since = now
        bodyBytes = 0
        return .none
    }
}
