/// How a connection ends.
extension Connection {
    /// Called again and again while the server stops: closes when there was time enough for a request on its way.
    func drain() {
        exchange?.keepAlive = false
        guard exchange == nil, !hasOutput, input.isEmpty, state.phase != .lingering else { return }
        if state.mayEnd(now: loop.now, drainStart: core.drainStart, limits) { close() }
    }

    /// Closes without an answer, and counts it.
    func end(_ ending: ConnectionState.Ending) {
        guard !isClosed else { return }
        origin.gauges.ended(ending)
        close()
    }

    /// Whether the client would miss a part of an answer that it sees the beginning of.
    private var isCutOff: Bool {
        if let exchange, exchange.isAnswered, !exchange.isComplete { return true }
        return hasOutput
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        if isGreeting { countUnfinishedHandshake() }
        if isCutOff { transport.breakOff() }
        loop.removeClosing(transport.descriptor)
        transport.close()
        pending = nil
        if let exchange {
            exchange.pipe?.end(.failure(.incomplete))
            exchange.task?.cancel()
            record(exchange)
        }
        exchange = nil
        if let drainWaiter {
            self.drainWaiter = nil
            drainWaiter.resume(returning: false)
        }
        output.removeAll(keepingCapacity: true)
        outputStart = 0
        returnSpareOutput()
        origin.gauges.open.subtract(1, ordering: .relaxed)
        core.connectionClosed(address: peer.address)
    }

    func finishOutput() {
        guard needsLinger, !hasEnded else { return close() }
        guard state.phase != .lingering else { return awaitEvents() }
        state.enter(.lingering, now: loop.now)
        transport.endOutput()
        input = []
        awaitEvents()
    }
}
