import Dispatch
import Synchronization

/// Runs the program's own tasks on three serial queues in turn. On libdispatch's shared queues, which are where tasks run
/// otherwise, the first one starts a clock that looks at its threads each second for ever: a portal at rest sleeps.
final class ProgramExecutor: TaskExecutor {
    static let shared = ProgramExecutor()

    private let lanes = (0..<3).map { DispatchQueue(label: "motcua.program.\($0)") }
    private let turn = Atomic<Int>(0)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let lane = lanes[abs(turn.add(1, ordering: .relaxed).oldValue % lanes.count)]
        lane.async { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
