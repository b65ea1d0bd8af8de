import Dispatch
import Synchronization

/// Why the program stops.
enum Ending: Sendable, Equatable {
    case signal(Int32)
    /// A successor has taken the sockets.
    case takenOver
}

/// Tells of the first reason to stop, whether it comes before or after somebody waits for it.
final class Endings: @unchecked Sendable {
    // Guard: `sources` is written by init only; the state is behind its mutex.
    private let sources: [any DispatchSourceSignal]
    private let state = Mutex<State>(.quiet)

    private enum State {
        case quiet
        case came(Ending)
        case waiting(CheckedContinuation<Ending, Never>)
    }

    /// Returns when the signals are caught; until then they end the program as they always do. They are not ignored
    /// first, which would lose one that comes before libdispatch has put its handler in place. Blocks for that moment.
    init(signals: [Int32]) {
        let queue = DispatchQueue(label: "motcua.endings")
        sources = signals.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
        for (source, number) in zip(sources, signals) {
            let isRegistered = DispatchSemaphore(value: 0)
            source.setRegistrationHandler { isRegistered.signal() }
            source.setEventHandler { [weak self] in self?.came(.signal(number)) }
            source.resume()
            isRegistered.wait()
        }
    }

    /// The first. Called once.
    func next() async -> Ending {
        await withCheckedContinuation { continuation in
            let early = state.withLock { state -> Ending? in
                if case .came(let ending) = state { return ending }
                state = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }

    func came(_ ending: Ending) {
        let waiting = state.withLock { state -> CheckedContinuation<Ending, Never>? in
            guard case .waiting(let continuation) = state else {
                if case .quiet = state { state = .came(ending) }
                return nil
            }
            state = .came(ending)
            return continuation
        }
        waiting?.resume(returning: ending)
    }
}
