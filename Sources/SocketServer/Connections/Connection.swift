import CLinux
import HTTPWire

/// One connection: bytes in, exchanges in order, bytes out. All decisions about time are `ConnectionState`'s, about
/// bytes HTTPWire's; this class carries them out. An idle one holds no buffers.
final class Connection: EventHandler, @unchecked Sendable {
    // Guard: everything is touched on the loop's thread only; tasks of handlers run there too, because the loop is
    // their executor, and the three doors for them assert it.
    let loop: EventLoop
    let origin: OpenListener
    let transport: Transport
    /// The address of the socket's other end, which may be a proxy's.
    let socketAddress: String
    /// The client, as far as known, that the connection is counted for: a PROXY header names another than the socket.
    @exclusivity(unchecked) private(set) var peer: Peer
    /// Whether its end may be a proxy that names clients in forwarding fields. One that names none in its PROXY header passes
    /// on fields that it did not write.
    @exclusivity(unchecked) private(set) var heedsForwarding: Bool
    /// Bytes of a PROXY header that is still coming; nil when none is expected.
    @exclusivity(unchecked) private var proxyBytes: [UInt8]?
    @exclusivity(unchecked) var state: ConnectionState
    @exclusivity(unchecked) var parser: RequestParser
    /// Received, not yet consumed.
    @exclusivity(unchecked) var input: [UInt8] = []
    /// To be sent; `outputStart` bytes of it are gone already.
    @exclusivity(unchecked) var output: [UInt8] = []
    @exclusivity(unchecked) var outputStart = 0
    /// Sent after `output`.
    @exclusivity(unchecked) var pending: PendingContent?
    /// The request in progress, when it was not answered at once.
    @exclusivity(unchecked) var exchange: Exchange?
    /// Who waits for the output to drain.
    @exclusivity(unchecked) var drainWaiter: Waiter<Bool>?
    @exclusivity(unchecked) var isClosed = false
    @exclusivity(unchecked) var hasEnded = false
    /// After the output: no more requests.
    @exclusivity(unchecked) var closesAfterOutput = false
    /// The client may still be sending: close in two steps, so that it sees its answer.
    @exclusivity(unchecked) var needsLinger = false
    /// Whoever takes input in, or serves, goes on to serve what happens meanwhile.
    @exclusivity(unchecked) private var isReceiving = false
    @exclusivity(unchecked) private var isServing = false
    /// A TLS handshake is under way.
    @exclusivity(unchecked) private(set) var isGreeting: Bool
    @exclusivity(unchecked) private var isRegistered = false
    @exclusivity(unchecked) private var awaitsRoom = false
    @exclusivity(unchecked) private var isPostponed = false
    @exclusivity(unchecked) var lingerDropped: Int64 = 0

    var core: ServerCore { origin.core }
    var limits: ServerLimits { origin.core.limits }

    /// The most that is received while heads are awaited; dozens of requests that are sent together.
    private static let headWindow = 16_384
    /// Taken although the server is full.
    let isReserve: Bool

    init(loop: EventLoop, origin: OpenListener, transport: Transport, address: String, isReserve: Bool) {
        self.isReserve = isReserve
        isGreeting = transport.isSecure
        self.loop = loop
        self.origin = origin
        self.transport = transport
        socketAddress = address
        peer = Peer(address: address, isSecure: transport.isSecure)
        heedsForwarding = origin.trustsProxies
        proxyBytes = origin.listener.expectsProxyHeader ? [] : nil
        state = ConnectionState(now: loop.now)
        parser = RequestParser(limits: origin.core.limits.wire)
    }

    /// Whoever had to wait among others has usually sent the request already: a connection for a single request then never
    /// enters the epoll. Whoever was taken at once has not, and a TLS client sends its first record only after it was taken.
    func open(hasWaited: Bool) {
        if hasWaited, !transport.isSecure { receive() }
        serve()
    }

    // MARK: Events

    func handle(events: UInt32) {
        if events & UInt32(EPOLLERR.rawValue) != 0 { return receiveRemains() }
        if events & UInt32(EPOLLHUP.rawValue) != 0, !wantsInput { return close() }
        let isLast = events & UInt32(EPOLLRDHUP.rawValue | EPOLLHUP.rawValue) != 0
        if isLast || events & UInt32(EPOLLIN.rawValue) != 0 { transport.inputArrived(isLast: isLast) }
        goOn()
    }

    /// Receives what is there, and serves.
    func goOn() {
        isPostponed = false
        if transport.mayHaveInput || transport.wantsOutput { receive() }
        serve()
    }

    func tick(now: UInt64) {
        switch state.verdict(now: now, limits, transport.delivery) {
        case .none: return
        case .close(let ending): end(ending)
        case .requestTimeout:
            refuse(Refusal(.requestTimeout, "RFC 9110 \u{A7}15.5.9", "too slow"))
            serve()
        case .handlerTimeout:
            refuse(Refusal(.serviceUnavailable, "RFC 9110 \u{A7}15.6.4", "handler too slow"))
            serve()
        }
    }

    /// Consumes what is there, sends what is ready, and waits for the right events: after every change from outside.
    func serve() {
        guard !isClosed, !isServing, !isReceiving else { return }
        isServing = true
        defer { isServing = false }
        takeSpareOutput()
        // Bounded: each turn but the last takes at least one pipelined request out of the input.
        while !isClosed {
            let before = input.count
            consumeInput()
            let wasBlocked = hasOutput
            flush()
            let mayGoOn = exchange == nil && !hasOutput && !input.isEmpty
            guard !isClosed, mayGoOn, wasBlocked || input.count < before else { break }
        }
        returnSpareOutput()
        guard !isClosed else { return }
        if exchange == nil, !hasOutput, hasEnded || closesAfterOutput { return finishOutput() }
        awaitEvents()
    }

    /// The handler has taken all content that came: it is held back no longer, and what is there already comes to it without a
    /// turn of the loop and a start of the handler for each piece.
    func receiveForReader(_ exchange: Exchange) {
        guard !isReceiving, !isServing, exchange.pipe != nil else { return }
        if transport.mayHaveInput, exchange.mayReceive(turn: loop.turnCount) { receive() }
        serve()
    }

    private func receive(heedingBacklog: Bool = true) {
        guard !isClosed, wantsInput || !heedingBacklog else { return }
        isReceiving = true
        defer { isReceiving = false }
        if proxyBytes != nil, !receiveProxyHeader() { return }
        if input.isEmpty, let exchange, let pipe = exchange.pipe, let toCome = exchange.decoder.plainBytesToCome {
            // A full piece has seldom been all: a second one saves a turn of the loop and a start of the handler.
            if receivePlainContent(exchange, pipe, toCome), let toCome = exchange.decoder.plainBytesToCome {
                _ = receivePlainContent(exchange, pipe, toCome)
            }
            return
        }
        // Content that comes along with its head is copied: little of a long one.
        let window = exchange == nil ? loop.readBuffer[..<Connection.headWindow] : loop.readBuffer[...]
        let outcome = transport.receive(into: UnsafeMutableRawBufferPointer(rebasing: window))
        if isGreeting { countHandshake() }
        switch outcome {
        case .wouldBlock: return
        case .failed: close()
        case .ended: inputEnded()
        case .bytes(let count):
            let received = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(loop.readBuffer)[..<count])
            if input.isEmpty {
                takeSpareOutput()
                let used = consume(received)
                if used < count, !isClosed { input.append(contentsOf: received[used...]) }
            } else {
                input.append(contentsOf: received)
            }
        }
    }

    /// The client has reset the connection. Content that the kernel still holds goes to the handler that waits for it: an
    /// upload that is resumed need not send it again.
    private func receiveRemains() {
        // Bounded: as much as the kernel keeps for a socket, in pieces of 64 KB.
        for _ in 0..<96 {
            guard !isClosed, let exchange, exchange.pipe != nil, !exchange.decoder.isComplete else { break }
            receive(heedingBacklog: false)
        }
        close()
    }

    private func countHandshake() {
        guard let hasResumed = transport.hasResumed else { return }
        isGreeting = false
        if hasResumed {
            origin.gauges.resumedHandshakes.add(1, ordering: .relaxed)
        } else {
            origin.gauges.fullHandshakes.add(1, ordering: .relaxed)
        }
    }

    /// Who connects and leaves, as probes of ports do, has failed at nothing.
    func countUnfinishedHandshake() {
        if transport.hasReceived {
            origin.gauges.failedHandshakes.add(1, ordering: .relaxed)
        } else {
            origin.gauges.abandonedHandshakes.add(1, ordering: .relaxed)
        }
    }

    /// Content of known length goes into the piece that the handler will get, without a copy on the way.
    /// Returns whether there may be more.
    private func receivePlainContent(_ exchange: Exchange, _ pipe: BodyPipe, _ toCome: Int64) -> Bool {
        let capacity = Int(min(toCome, Int64(BodyPipe.pieceBytes)))
        var outcome = Transfer.wouldBlock
        let piece = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            outcome = transport.receive(into: UnsafeMutableRawBufferPointer(buffer))
            if case .bytes(let received) = outcome { count = received }
        }
        switch outcome {
        case .wouldBlock: break
        case .failed: close()
        case .ended: inputEnded()
        case .bytes(let count):
            takeContent(piece, exchange, pipe)
            return count == BodyPipe.pieceBytes && pipe.waitingBytes == 0
        }
        return false
    }

    /// Takes the PROXY header, which comes before TLS, from the socket without touching what follows it; false until it is
    /// whole. Whoever may not speak for others, or speaks otherwise, is closed without a word.
    private func receiveProxyHeader() -> Bool {
        guard origin.listener.trustedProxies.contains(socketAddress) else { return refuseProxyHeader() }
        let window = UnsafeMutableRawBufferPointer(rebasing: loop.readBuffer[..<4096])
        let count: Int
        switch Sockets.receive(transport.descriptor, window, peeks: true) {
        case .bytes(let peeked): count = peeked
        case .wouldBlock:
            transport.inputTaken()
            return false
        case .ended, .failed: return closeNow()
        }
        let known = proxyBytes ?? []
        let seen = known + Array(window[..<count])
        do throws(Refusal) {
            let header = try ProxyHeader.parse(seen)
            // What is taken now belongs to the header: all of it, or what it still lacked.
            let taken = header.map { $0.byteCount - known.count } ?? count
            _ = Sockets.receive(transport.descriptor, UnsafeMutableRawBufferPointer(rebasing: window[..<taken]))
            guard let header else {
                proxyBytes = seen
                return false
            }
            proxyBytes = nil
            guard let client = header.client else {
                heedsForwarding = false
                return true
            }
            guard core.passOn(from: socketAddress, to: client, isExempt: origin.isExempt(client)) else {
                origin.gauges.rejectedByAddress.add(1, ordering: .relaxed)
                return closeNow()
            }
            peer = Peer(address: client, isSecure: transport.isSecure)
            return true
        } catch {
            return refuseProxyHeader()
        }
    }

    private func refuseProxyHeader() -> Bool {
        core.logger.notice("a connection without a PROXY header was closed", metadata: ["peer": "\(socketAddress)"])
        end(.proxyHeader)
        return false
    }

    private func closeNow() -> Bool {
        close()
        return false
    }

    private func inputEnded() {
        hasEnded = true
        if state.phase == .lingering { return close() }
        guard let exchange else {
            if !hasOutput { close() }
            return
        }
        // Requests that came before the end are answered too.
        if input.isEmpty { exchange.keepAlive = false }
        endContent(exchange)
    }

    /// Nothing more comes: a handler that waits for content learns it.
    private func endContent(_ exchange: Exchange) {
        if !exchange.decoder.isComplete {
            exchange.keepAlive = false
            exchange.pipe?.end(.failure(.incomplete))
        }
        if exchange.isComplete { endExchange(exchange) }
    }

    private func consumeInput() {
        guard !input.isEmpty else { return }
        let held = input
        input = []
        let used = held.withUnsafeBytes { consume($0) }
        if used < held.count { input = used == 0 ? held : Array(held[used...]) }
        if hasEnded, !isClosed, let exchange { endContent(exchange) }
    }

    /// Takes heads and content out of `bytes`; returns how many were taken. What is left waits for the exchange in
    /// progress, for the output, or for more bytes.
    private func consume(_ bytes: UnsafeRawBufferPointer) -> Int {
        var position = 0
        do throws(Refusal) {
            while position < bytes.count, !isClosed {
                if state.phase == .lingering {
                    drop(bytes.count - position)
                    return bytes.count
                }
                let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
                if let exchange {
                    guard !exchange.decoder.isComplete else { return position }
                    position += try receiveContent(rest, exchange)
                } else {
                    guard !closesAfterOutput else { return bytes.count }
                    guard pending == nil, output.count - outputStart <= limits.outputBacklogBytes else {
                        return position
                    }
                    guard let parsed = try parser.parse(rest, into: &loop.headBuffer) else {
                        state.enter(.head, now: loop.now)
                        return position
                    }
                    parser.reset()
                    parsed.head.id = loop.nextRequestID()
                    position += parsed.byteCount
                    begin(parsed)
                }
            }
        } catch {
            refuse(error)
            return bytes.count
        }
        return position
    }

    private func drop(_ count: Int) {
        lingerDropped += Int64(count)
        if lingerDropped > limits.discardBytes { end(.discard) }
    }

    // MARK: Waiting

    var hasOutput: Bool { output.count > outputStart || pending != nil }

    private var wantsInput: Bool {
        if hasEnded { return false }
        if state.phase == .lingering { return true }
        if let exchange { return wantsInput(of: exchange) }
        return !closesAfterOutput && input.count <= limits.wire.headBytes * 2
    }

    private func wantsInput(of exchange: Exchange) -> Bool {
        if exchange.decoder.isComplete { return input.count < limits.bodyBacklogBytes }
        guard let pipe = exchange.pipe else { return exchange.discarded <= limits.discardBytes }
        return pipe.waitingBytes <= limits.bodyBacklogBytes
    }

    /// Waits for what comes next. Events tell of changes only (epoll(7), edge-triggered), so that a connection is not looked at
    /// again with each of them; what is left unread now is gone on with in the next turn.
    func awaitEvents() {
        let wantsInput = wantsInput
        if let exchange, !exchange.decoder.isComplete { state.heldBack(!wantsInput, now: loop.now) }
        let lacksRoom = hasOutput || transport.wantsOutput
        var events = UInt32(EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue)
        // Asked for when it lacks for the first time, and kept: it costs an event only when room was lacking.
        if awaitsRoom || lacksRoom { events |= UInt32(EPOLLOUT.rawValue) }
        if !isRegistered {
            isRegistered = loop.add(transport.descriptor, events: events, handler: self)
            guard isRegistered else { return close() }
        } else if lacksRoom, !awaitsRoom {
            loop.modify(transport.descriptor, events: events)
        }
        awaitsRoom = awaitsRoom || lacksRoom
        guard wantsInput, transport.mayHaveInput, !transport.readWantsOutput, !isPostponed else { return }
        isPostponed = true
        loop.postpone(self)
    }
}
