import HTTPWire

/// From a complete head to a complete answer.
extension Connection {
    func begin(_ parsed: ParsedHead) {
        let client =
            heedsForwarding ? origin.listener.trustedProxies.client(of: parsed.head, connection: peer) : peer
        if isReserve, !origin.listener.alwaysAnswered.contains(parsed.head.path) {
            _ = makeExchange(parsed, client)
            return refuse(Refusal(.serviceUnavailable, "RFC 9110 \u{A7}15.6.4", "too many connections"))
        }
        switch origin.answer(parsed.head, client) {
        case .prepared(let prepared):
            if parsed.framing == .none {
                answer(prepared, parsed, client)
            } else {
                answer(prepared.response, makeExchange(parsed, client))
            }
        case .ready(let response): answer(response, makeExchange(parsed, client))
        case .later(let limit, let handler): hand(makeExchange(parsed, client), to: handler, bodyLimit: limit)
        }
    }

    private func makeExchange(_ parsed: ParsedHead, _ client: Peer) -> Exchange {
        let exchange = Exchange(
            parsed: parsed, peer: client, limits: limits.wire, startedAt: loop.turnStartedAt)
        self.exchange = exchange
        return exchange
    }

    /// The shortest way: no content, and an answer in bytes.
    private func answer(_ prepared: PreparedResponse, _ parsed: ParsedHead, _ client: Peer) {
        let head = parsed.head
        let keepAlive = parsed.keepAlive && !isReserve && !core.isDraining
        let byteCount = append(prepared, head, keepAlive: keepAlive)
        if keepAlive {
            state.enter(.idle, now: loop.now)
        } else {
            closesAfterOutput = true
        }
        guard let observe = core.observe else { return }
        observe(
            ExchangeRecord(
                listener: origin.listener.name, listenerNumber: origin.number, loop: loop.number,
                at: loop.wallMilliseconds, peer: client, head: head,
                statusCode: prepared.status.code, byteCount: byteCount,
                microseconds: MonotonicClock.microseconds() - loop.turnStartedAt, refusal: nil))
    }

    private func answer(_ response: Response, _ exchange: Exchange) {
        // Content that nobody wants has a body's time.
        if !exchange.decoder.isComplete { state.enter(.body, now: loop.now) }
        guard start(response, exchange), case .stream(let write) = response.body else { return }
        exchange.task = loop.begin { Task(executorPreference: loop) { await self.stream(write, exchange) } }
    }

    private func hand(
        _ exchange: Exchange, to handler: @escaping @Sendable (Request) async -> Response, bodyLimit: Int
    ) {
        if origin.trustsProxies, exchange.peer.address != socketAddress {
            exchange.place = core.places.take(exchange.peer.subscriber, limit: limits.requestsPerClient)
            guard exchange.place != nil else { return turnAway(exchange) }
        }
        exchange.bodyLimit = Int64(bodyLimit)
        if case .length(let count) = exchange.parsed.framing, count > exchange.bodyLimit {
            return refuse(Refusal(.contentTooLarge, "RFC 9110 \u{A7}15.5.14", "content longer than the route takes"))
        }
        let body = content(of: exchange)
        let request = Request(head: exchange.parsed.head, body: body, peer: exchange.peer)
        exchange.task = loop.begin {
            Task(executorPreference: loop) {
                if let write = self.finish(await handler(request), exchange) { await self.stream(write, exchange) }
            }
        }
    }

    /// What the handler reads; opens the pipe for it unless there is nothing to read.
    private func content(of exchange: Exchange) -> RequestBody {
        guard !exchange.decoder.isComplete else {
            state.enter(.handling, now: loop.now)
            return .none
        }
        exchange.pipe = BodyPipe()
        exchange.readerPipe = exchange.pipe
        state.enter(.body, now: loop.now)
        return RequestBody { () async throws(BodyError) -> [UInt8]? in
            try await self.loop.run { await self.nextPiece(exchange) }.get()
        }
    }

    /// The client has enough requests in progress; the connection is its proxy's, and goes on.
    private func turnAway(_ exchange: Exchange) {
        exchange.refusal = Refusal(
            .serviceUnavailable, "RFC 9110 \u{A7}15.6.4", "too many requests of one client")
        answer(core.errorPage(.serviceUnavailable, exchange.peer.isSecure), exchange)
    }

    // MARK: Content

    /// Takes content of the exchange in progress; returns the bytes consumed.
    func receiveContent(_ bytes: UnsafeRawBufferPointer, _ exchange: Exchange) throws(Refusal) -> Int {
        var content: [UInt8] = []
        let wanted = exchange.pipe != nil
        let before = exchange.decoder.bodyByteCount
        let used = try exchange.decoder.decode(bytes) { piece in
            if wanted { content.append(contentsOf: piece) }
        }
        let count = Int(exchange.decoder.bodyByteCount - before)
        state.bodyReceived(used)
        if wanted, exchange.decoder.bodyByteCount > exchange.bodyLimit {
            // Only chunked content can come here; the handler learns it and answers 413, the rest is dropped.
            exchange.pipe?.end(.failure(.tooLarge(limit: Int(exchange.bodyLimit))))
            exchange.keepAlive = false
            exchange.pipe = nil
            needsLinger = true
        } else {
            exchange.pipe?.push(content)
        }
        if !wanted { discard(count, exchange) }
        endContentIfComplete(exchange)
        return used
    }

    /// Content that came past the decoder; its length was known, and within the route's limit.
    func takeContent(_ piece: [UInt8], _ exchange: Exchange, _ pipe: BodyPipe) {
        exchange.decoder.took(piece.count)
        state.bodyReceived(piece.count)
        pipe.push(piece)
        endContentIfComplete(exchange)
    }

    private func endContentIfComplete(_ exchange: Exchange) {
        guard exchange.decoder.isComplete else { return }
        exchange.pipe?.end(.success(()))
        state.enter(.handling, now: loop.now)
        if exchange.isComplete { endExchange(exchange) }
    }

    private func discard(_ count: Int, _ exchange: Exchange) {
        exchange.discarded += Int64(count)
        guard exchange.discarded > limits.discardBytes, exchange.isComplete else { return }
        exchange.keepAlive = false
        needsLinger = true
        endExchange(exchange)
    }

    private func nextPiece(_ exchange: Exchange) async -> Result<[UInt8]?, BodyError> {
        loop.assertOnLoop()
        if exchange.owesContinue, !isClosed {
            exchange.owesContinue = false
            output.append(contentsOf: ResponseEncoder.continue)
            serve()
        }
        guard let pipe = exchange.readerPipe else { return .failure(.incomplete) }
        if pipe.waitingBytes == 0 { receiveForReader(exchange) }
        if let ready = pipe.take() {
            if state.isHeldBack, pipe.waitingBytes <= limits.bodyBacklogBytes { serve() }
            return ready
        }
        return await withCheckedContinuation { pipe.wait($0) }
    }

    // MARK: Answer

    /// Writes the handler's answer; returns the stream that must follow.
    private func finish(
        _ response: Response, _ exchange: Exchange
    ) -> (@Sendable (ResponseBodyWriter) async throws(BodyError) -> Void)? {
        loop.assertOnLoop()
        guard !isClosed, !exchange.isAbandoned else { return nil }
        takeSpareOutput()
        let hasStream = start(response, exchange)
        serve()
        guard hasStream, case .stream(let write) = response.body else { return nil }
        return write
    }

    /// Writes the head and, unless it is streamed, the content. Returns whether a stream must follow.
    @discardableResult
    func start(_ response: Response, _ exchange: Exchange) -> Bool {
        exchange.isAnswered = true
        exchange.status = response.status
        var isStream = false
        if case .stream = response.body { isStream = true }
        decideClosing(exchange, goesOnReading: isStream)
        if let prepared = response.prepared {
            write(prepared, exchange)
            return false
        }
        let version = exchange.parsed.head.version
        let framing = ResponseEncoder.framing(of: response, version: version)
        exchange.framing = framing
        if framing == .untilClose { exchange.keepAlive = false }
        let before = output.count
        ResponseEncoder.appendHead(
            of: response, framing: framing, version: version, keepAlive: exchange.keepAlive, date: loop.date,
            to: &output)
        let sendsContent = exchange.parsed.head.method != .head && response.status.allowsContent
        switch response.body {
        case .bytes(let bytes) where sendsContent && bytes.count > PendingContent.worthKeeping:
            pending = PendingContent(bytes)
            exchange.sentBytes += Int64(bytes.count)
        case .bytes(let bytes) where sendsContent: output.append(contentsOf: bytes)
        case .file(let region) where sendsContent && region.byteCount > 0:
            pending = PendingContent(region)
            exchange.sentBytes += region.byteCount
        case .stream where sendsContent:
            exchange.sentBytes += Int64(output.count - before)
            state.enter(.answering, now: loop.now)
            return true
        default: break
        }
        exchange.sentBytes += Int64(output.count - before)
        complete(exchange)
        return false
    }

    private func write(_ prepared: PreparedResponse, _ exchange: Exchange) {
        exchange.sentBytes += append(prepared, exchange.parsed.head, keepAlive: exchange.keepAlive)
        complete(exchange)
    }

    /// Content that is too long to be copied is sent from where it is kept. Returns the bytes of the whole answer.
    private func append(_ prepared: PreparedResponse, _ head: RequestHead, keepAlive: Bool) -> Int64 {
        let before = output.count
        let waits = !head.isHead && prepared.contentByteCount > PendingContent.worthKeeping
        ResponseEncoder.append(
            prepared, version: head.version, keepAlive: keepAlive, hasContent: !head.isHead && !waits, date: loop.date,
            to: &output)
        let appended = Int64(output.count - before)
        guard waits else { return appended }
        let content = PendingContent(prepared, sendsFiles: !transport.isSecure)
        pending = content
        return appended + content.remaining
    }

    /// A connection is kept only when nothing of the request is left, or little enough to be read and dropped.
    private func decideClosing(_ exchange: Exchange, goesOnReading: Bool) {
        if core.isDraining || isReserve { exchange.keepAlive = false }
        guard !exchange.decoder.isComplete else { return }
        if !goesOnReading { letGoOfContent(exchange) }
        if case .length(let count) = exchange.parsed.framing,
            count - exchange.decoder.bodyByteCount > limits.discardBytes
        {
            exchange.keepAlive = false
        }
        if exchange.owesContinue { exchange.keepAlive = false }
        if !exchange.keepAlive { needsLinger = true }
    }

    /// Nobody reads any more; who still does, in a task that the handler left behind, learns it.
    private func letGoOfContent(_ exchange: Exchange) {
        exchange.pipe?.end(.failure(.incomplete))
        exchange.pipe = nil
    }

    private func complete(_ exchange: Exchange) {
        exchange.isComplete = true
        if !exchange.decoder.isComplete { letGoOfContent(exchange) }
        if exchange.decoder.isComplete || !exchange.keepAlive || hasEnded { endExchange(exchange) }
    }

    func endExchange(_ exchange: Exchange) {
        guard self.exchange === exchange else { return }
        record(exchange)
        self.exchange = nil
        // A handler that was given up keeps its client's place until it ends.
        if !exchange.isAbandoned { exchange.place = nil }
        if exchange.keepAlive {
            state.enter(.idle, now: loop.now)
        } else {
            closesAfterOutput = true
        }
    }

    private func stream(
        _ write: @Sendable (ResponseBodyWriter) async throws(BodyError) -> Void, _ exchange: Exchange
    ) async {
        let writer = ResponseBodyWriter { bytes throws(BodyError) in
            guard await self.loop.run({ await self.send(bytes, exchange) }) else { throw .incomplete }
        }
        do {
            try await write(writer)
            loop.assertOnLoop()
            guard !isClosed else { return }
            takeSpareOutput()
            if exchange.framing == .chunked { output.append(contentsOf: ResponseEncoder.lastChunk) }
            complete(exchange)
            serve()
        } catch {
            // Once the head is out, only a broken connection tells the client that the content is not whole.
            flush()
            close()
        }
    }

    /// Whether the client is still there.
    private func send(_ bytes: [UInt8], _ exchange: Exchange) async -> Bool {
        loop.assertOnLoop()
        guard !isClosed, !exchange.isAbandoned else { return false }
        if exchange.framing == .chunked {
            ResponseEncoder.appendChunk(bytes, to: &output)
        } else {
            output.append(contentsOf: bytes)
        }
        exchange.sentBytes += Int64(bytes.count)
        state.enter(.answering, now: loop.now)
        serve()
        guard !isClosed, output.count - outputStart > limits.outputBacklogBytes else { return !isClosed }
        return await withCheckedContinuation { drainWaiter = Waiter($0) }
    }

    // MARK: Refusals

    /// The connection was closed before there was an answer; 499 is what nginx logs for it.
    private static let unanswered = Refusal(Status(499, "No Answer"), "RFC 9112 \u{A7}9.5", "closed before an answer")

    /// Answers for the server itself, and closes.
    func refuse(_ refusal: Refusal) {
        guard !isClosed, !closesAfterOutput else { return }
        needsLinger = true
        let page = core.errorPage(refusal.status, (exchange?.peer ?? peer).isSecure)
        if let exchange {
            exchange.refusal = refusal
            exchange.keepAlive = false
            exchange.isAbandoned = true
            exchange.pipe?.end(.failure(.incomplete))
            exchange.task?.cancel()
            // Once a head is out nothing else can be said.
            guard !exchange.isAnswered else { return exchange.isComplete ? endExchange(exchange) : close() }
            start(page, exchange)
            return
        }
        let head = RequestHead(method: Method(unchecked: "-"), path: "-")
        head.id = loop.nextRequestID()
        let nobody = ParsedHead(head: head, framing: .none, keepAlive: false, expectsContinue: false, byteCount: 0)
        let exchange = Exchange(
            parsed: nobody, peer: peer, limits: limits.wire, startedAt: loop.turnStartedAt)
        exchange.refusal = refusal
        self.exchange = exchange
        start(page, exchange)
    }

    func record(_ exchange: Exchange) {
        core.observe?(
            ExchangeRecord(
                listener: origin.listener.name, listenerNumber: origin.number, loop: loop.number,
                at: loop.wallMilliseconds, peer: exchange.peer,
                head: exchange.parsed.head, statusCode: exchange.isAnswered ? exchange.status.code : 499,
                byteCount: exchange.sentBytes,
                microseconds: MonotonicClock.microseconds() - exchange.startedAt,
                refusal: exchange.isAnswered ? exchange.refusal : Connection.unanswered))
    }
}
