import Glibc
import HTTPWire

/// Bytes out.
extension Connection {
    /// Sends as much as the socket takes.
    func flush() {
        guard !isClosed, hasOutput else { return }
        while hasOutput {
            let outcome = output.count > outputStart ? sendOutput() : sendPending()
            switch outcome {
            case .bytes: continue
            case .wouldBlock:
                state.outputPending(true, now: loop.now)
                return wakeWriter()
            case .ended, .failed: return close()
            }
        }
        state.outputPending(false, now: loop.now)
        wakeWriter()
    }

    private func sendOutput() -> Transfer {
        let outcome = output.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[outputStart...])
            return pending?.withRest { transport.send(rest, $0) }
                ?? transport.send(rest, moreFollows: pending != nil)
        }
        guard case .bytes(let count) = outcome else { return outcome }
        let ofOutput = min(count, output.count - outputStart)
        outputStart += ofOutput
        forgetSent()
        if count > ofOutput { advancePending(by: Int64(count - ofOutput)) }
        return outcome
    }

    /// What is gone takes no memory: at the end of all, or when it is more than what is left.
    private func forgetSent() {
        if outputStart == output.count {
            output.removeAll(keepingCapacity: true)
            outputStart = 0
        } else if outputStart > 65_536, outputStart > output.count / 2 {
            output.removeFirst(outputStart)
            outputStart = 0
        }
    }

    private func sendPending() -> Transfer {
        guard let pending else { return .bytes(0) }
        let outcome: Transfer
        if let file = pending.file {
            if transport.isSecure { return loadFile(file, pending) }
            outcome = transport.sendFile(file, offset: pending.offset, count: pending.remaining)
        } else {
            outcome = pending.withRest { transport.send($0, moreFollows: false) } ?? .failed
        }
        if case .bytes(let count) = outcome { advancePending(by: Int64(count)) }
        return outcome
    }

    /// TLS cannot send from a file: a piece goes through the output.
    private func loadFile(_ file: Int32, _ pending: PendingContent) -> Transfer {
        let wanted = Int(min(pending.remaining, 65_536))
        let piece = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            count = max(0, pread(file, buffer.baseAddress, wanted, off_t(pending.offset)))
        }
        guard !piece.isEmpty else { return .failed }
        output.append(contentsOf: piece)
        advancePending(by: Int64(piece.count))
        return .bytes(piece.count)
    }

    private func advancePending(by count: Int64) {
        pending?.advance(by: count)
        if pending?.remaining == 0 { pending = nil }
    }

    private func wakeWriter() {
        guard let drainWaiter, output.count - outputStart <= limits.outputBacklogBytes / 2 else { return }
        self.drainWaiter = nil
        drainWaiter.resume(returning: true)
    }

    /// Borrows the loop's output storage, so that the usual request allocates none.
    func takeSpareOutput() {
        if output.capacity == 0 { swap(&output, &loop.spareOutput) }
    }

    /// Gives it back when everything is sent; an idle connection holds nothing.
    func returnSpareOutput() {
        guard output.isEmpty, output.capacity > 0 else { return }
        if loop.spareOutput.capacity == 0, output.capacity <= 1 << 20 {
            swap(&output, &loop.spareOutput)
        } else {
            output = []
        }
    }
}
