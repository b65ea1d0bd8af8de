/// How far a long command is.
public struct OperationProgress: Sendable, Hashable {
    /// What is being done, e.g. `dossiers`.
    public let step: String
    /// Done so far.
    public let done: Int
    /// In all.
    public let total: Int
    /// Done per second since the step began; 0 until that can be told.
    public let rate: Double
    /// What is left at that rate; nil until that can be told.
    public let timeLeft: Duration?
}

/// Told of progress; called from the command's own thread.
public typealias ProgressReport = (OperationProgress) -> Void

/// Measures one step of a command and reports it.
struct ProgressMeter {
    let step: String
    let total: Int
    private let report: ProgressReport
    private let begun = ContinuousClock.now

    init(_ step: String, total: Int, _ report: @escaping ProgressReport) {
        self.step = step
        self.total = total
        self.report = report
    }

    func callAsFunction(_ done: Int) {
        report(ProgressMeter.progress(step, done, total, after: begun.duration(to: .now)))
    }

    /// Pure, so that a test can say how long it took.
    static func progress(_ step: String, _ done: Int, _ total: Int, after elapsed: Duration) -> OperationProgress {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let left: Duration? = rate > 0 ? .seconds(Double(max(0, total - done)) / rate) : nil
        return OperationProgress(step: step, done: done, total: total, rate: rate, timeLeft: left)
    }
}
