import Dispatch
import Synchronization

/// The queue's backlog is full: the caller answers 503 with Retry-After.
public struct Overloaded: Error, Sendable {
    /// For the log.
    public let queue: String

    /// Names the queue that is full.
    public init(queue: String) {
        self.queue = queue
    }
}

/// Blocking work beside the event loops: a fixed number of serial Dispatch queues with a bounded backlog.
/// An unbounded concurrent queue starves or grows hundreds of threads; this cannot.
public final class WorkQueue: Sendable {
    /// For logs and metrics.
    public let name: String
    private let lanes: [DispatchQueue]
    private let backlogLimit: Int
    private let waiting = Atomic<Int>(0)
    private let turn = Atomic<Int>(0)

    /// `width` lanes (threads at most), `backlogLimit` jobs waiting or running in all.
    public init(name: String, width: Int, backlogLimit: Int) {
        self.name = name
        self.backlogLimit = backlogLimit
        self.lanes = (0..<width).map { DispatchQueue(label: "motcua.\(name).\($0)") }
    }

    /// Runs `work` on a lane and resumes the caller on its own executor.
    /// Throws `Overloaded` at once when the backlog is full, else whatever `work` throws.
    public func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        guard waiting.add(1, ordering: .relaxed).newValue <= backlogLimit else {
            waiting.subtract(1, ordering: .relaxed)
            throw Overloaded(queue: name)
        }
        let lane = lanes[abs(turn.add(1, ordering: .relaxed).oldValue % lanes.count)]
        return try await withCheckedThrowingContinuation { continuation in
            lane.async {
                let outcome = Swift.Result { try work() }
                self.waiting.subtract(1, ordering: .relaxed)
                continuation.resume(with: outcome)
            }
        }
    }

    /// Jobs waiting or running now.
    public var depth: Int { waiting.load(ordering: .relaxed) }
}
