import Glibc
import Synchronization

/// How far a long command is, on one line of a terminal; nothing where nobody watches.
final class TerminalProgress: Sendable {
    private let isWatched = isatty(2) == 1
    private let shown = Mutex<ContinuousClock.Instant?>(nil)

    /// Ten times a second at most, and always at a step's end: showing must not be what takes the time.
    func show(step: String, done: Int, total: Int, rate: Double, secondsLeft: Double?) {
        guard isWatched else { return }
        let isDue = shown.withLock { shown in
            let now = ContinuousClock.now
            if let shown, done < total, shown.duration(to: now) < .milliseconds(100) { return false }
            shown = now
            return true
        }
        guard isDue else { return }
        let left = secondsLeft.map { ", \(whole($0)) s left" } ?? ""
        // ECMA-48 EL: what a longer line left behind is erased.
        let line = "\r\(step): \(done)/\(total), \(whole(rate))/s\(left)\u{1B}[K"
        writeToErrorStream((line + (done >= total ? "\n" : "")).utf8)
    }

    /// Rounded; a dash for what no whole number can say.
    private func whole(_ value: Double) -> String { Int(exactly: value.rounded()).map(String.init) ?? "-" }
}
