import Dispatch
import Synchronization

/// Tells of the first of some signals, whether it comes before or after somebody waits for it.
final class SignalSources: @unchecked Sendable {
    // Guard: `sources` is written by init only; the state is behind its mutex.
    private let sources: [any DispatchSourceSignal]
    private let state = Mutex<State>(.quiet)

    private enum State {
        case quiet
        case came(Int32)
        case waiting(CheckedContinuation<Int32, Never>)
    }

    /// Returns when the signals are caught; until then they end the program as they always do. They are not ignored
    /// first, which would lose one that comes before libdispatch has put its handler in place. Blocks for that moment.
    init(_ numbers: [Int32]) {
        sources = numbers.map { DispatchSource.makeSignalSource(signal: $0, queue: .global()) }
        for (source, number) in zip(sources, numbers) {
            let isRegistered = DispatchSemaphore(value: 0)
            source.setRegistrationHandler { isRegistered.signal() }
            source.setEventHandler { [weak self] in self?.came(number) }
            source.resume()
            isRegistered.wait()
        }
    }

    /// The first signal. Called once.
    func next() async -> Int32 {
        await withCheckedContinuation { continuation in
            let early = state.withLock { state -> Int32? in
                if case .came(let number) = state { return number }
                state = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }

    private func came(_ number: Int32) {
        let waiting = state.withLock { state -> CheckedContinuation<Int32, Never>? in
            guard case .waiting(let continuation) = state else {
                if case .quiet = state { state = .came(number) }
                return nil
            }
            state = .came(number)
            return continuation
        }
        waiting?.resume(returning: number)
    }
}
