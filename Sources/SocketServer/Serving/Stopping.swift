import Dispatch
import HTTPWire

/// How a server ends.
extension Server {
    /// Stops accepting, lets what runs finish for at most `drainMilliseconds`, closes the rest, ends the threads. A kept
    /// connection is answered once more, with `Connection: close`, when its next request comes within the time that
    /// `ServerLimits.drainIdleMilliseconds` gives it: closing at once would lose requests that are on their way.
    /// Requests that are not whole after `arrivalMilliseconds` are answered with 503; nil gives them the drain time too.
    public func stop(drainMilliseconds: UInt64 = 10_000, arrivalMilliseconds: UInt64? = nil) async {
        core.startDraining()
        for loop in loops {
            loop.execute {
                for case let acceptor as Acceptor in loop.registered { acceptor.close() }
            }
        }
        let start = MonotonicClock.milliseconds()
        let deadline = start + drainMilliseconds
        let arrivalDeadline = arrivalMilliseconds.map { start + $0 }
        while core.openConnections > 0, MonotonicClock.milliseconds() < deadline {
            let isLate = arrivalDeadline.map { MonotonicClock.milliseconds() >= $0 } ?? false
            for loop in loops {
                loop.execute {
                    for case let connection as Connection in loop.registered {
                        if isLate { connection.refuseUnlessWhole() }
                        connection.drain()
                    }
                }
            }
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { done.resume() }
            }
        }
        for loop in loops {
            loop.execute {
                for case let connection as Connection in loop.registered { connection.close() }
                loop.stop()
            }
        }
    }
}

extension Connection {
    /// Answers 503 to a request of which something is still to come, unless its answer has begun.
    fileprivate func refuseUnlessWhole() {
        let isComing =
            if let exchange { !exchange.isAnswered && !exchange.decoder.isComplete } else {
                state.phase == .head && !hasOutput
            }
        guard isComing else { return }
        refuse(Refusal(.serviceUnavailable, "RFC 9110 \u{A7}15.6.4", "the server stops"))
        serve()
    }
}
