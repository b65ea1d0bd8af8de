import Glibc
import HTTPWire

/// Bytes out.
extension Connection {
    /// Sends as much as the socket takes.
    func flush() {
        guard !isClosed, hasOutput else { return }
        var progressed = false
        let now = MonotonicClock.milliseconds()
        while hasOutput {
            let outcome = output.count > outputStart ? sendOutput() : sendFile()
            switch outcome {
            case .bytes: progressed = true
            case .wouldBlock:
                state.outputPending(true, progressed: progressed, now: now)
                return wakeWriter()
            case .ended, .failed: return close()
            }
        }
        state.outputPending(false, progressed: progressed, now: now)
        wakeWriter()
    }

    private func sendOutput() -> Transfer {
        let outcome = output.withUnsafeBytes { transport.send(UnsafeRawBufferPointer(rebasing: $0[outputStart...])) }
        if case .bytes(let count) = outcome {
            outputStart += count
            if outputStart == output.count {
                output.removeAll(keepingCapacity: true)
                outputStart = 0
            }
        }
        return outcome
    }

    private func sendFile() -> Transfer {
        guard let file else { return .bytes(0) }
        if transport.isSecure { return loadFile(file.region, file.offset, file.remaining) }
        let outcome = Sockets.sendFile(
            transport.descriptor, from: file.region.descriptor, offset: file.offset, count: file.remaining)
        if case .bytes(let count) = outcome { advanceFile(by: Int64(count)) }
        return outcome
    }

    /// TLS cannot send from a file: a piece goes through the output.
    private func loadFile(_ region: any FileRegion, _ offset: Int64, _ remaining: Int64) -> Transfer {
        var piece = [UInt8](repeating: 0, count: Int(min(remaining, 65_536)))
        let count = pread(region.descriptor, &piece, piece.count, off_t(offset))
        guard count > 0 else { return .failed }
        output.append(contentsOf: piece[..<count])
        advanceFile(by: Int64(count))
        return .bytes(count)
    }

    private func advanceFile(by count: Int64) {
        guard let file else { return }
        let remaining = file.remaining - count
        self.file = remaining > 0 ? (file.region, file.offset + count, remaining) : nil
    }

    private func wakeWriter() {
        guard let drainWaiter, output.count - outputStart <= core.limits.outputBacklogBytes / 2 else { return }
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
