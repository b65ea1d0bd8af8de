import Dispatch
import Glibc
import Synchronization

/// What SIGHUP asks for. One that comes before anybody can do it is remembered, and done then.
final class Hangups: @unchecked Sendable {
    // Guard: `source` is written by init only; the state is behind its mutex.
    private let source: any DispatchSourceSignal
    private let queue = DispatchQueue(label: "motcua.hangup")
    private let state = Mutex<State>(.early(hasCome: false))

    private enum State {
        case early(hasCome: Bool)
        case serving(@Sendable () -> Void)
    }

    /// Returns when the signal is caught. Blocks for that moment.
    init() {
        source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: queue)
        let isRegistered = DispatchSemaphore(value: 0)
        source.setRegistrationHandler { isRegistered.signal() }
        source.setEventHandler { [weak self] in self?.came() }
        source.resume()
        isRegistered.wait()
    }

    /// From now on `work` is done at each signal, one at a time on a queue of its own; at once, if one has come already.
    func serve(_ work: @escaping @Sendable () -> Void) {
        let isDue = state.withLock { state in
            defer { state = .serving(work) }
            if case .early(true) = state { return true }
            return false
        }
        if isDue { queue.async(execute: work) }
    }

    func cancel() { source.cancel() }

    private func came() {
        let work = state.withLock { state -> (@Sendable () -> Void)? in
            if case .serving(let work) = state { return work }
            state = .early(hasCome: true)
            return nil
        }
        work?()
    }
}
