import Dispatch
import Platform
import Synchronization

/// The store's one writing door: a serial queue whose waiting writes share a commit.
///
/// Each write runs in a savepoint of one transaction; one COMMIT, one flush of the disk, acknowledges them all. Nothing
/// is answered before it, not even a refusal: a refusal may rest on a neighbour's write that is not kept in the end.
/// When the commit fails, every write of the group fails with `unavailable`, the connection is thrown away, and the next
/// group opens a new one: the store heals when the disk does.
public final class Writer: Sendable {
    /// A write that waits, with its two ways of being answered.
    private struct Attempt: Sendable {
        /// Runs it; what comes back answers its caller, with nil when the commit held.
        let run: @Sendable (SQLConnection) -> Outcome
        /// Answers its caller without having run.
        let refuse: @Sendable (StoreError) -> Void
    }

    fileprivate struct Outcome: Sendable {
        let answer: @Sendable (StoreError?) -> Void
        let fault: StoreError?
    }

    private struct State: Sendable {
        var waiting: [Attempt] = []
        var isDraining = false
    }

    /// What has been done since the start, for metrics and tests.
    public struct Counts: Sendable, Hashable {
        /// Writes acknowledged, refused ones included.
        public var writes = 0
        /// Commits that held.
        public var commits = 0
        /// Commits that failed, with all their writes.
        public var failures = 0
    }

    /// Most writes in one commit: bounds how long the first of a group waits.
    static let groupLimit = 256

    private let queue = DispatchQueue(label: "motcua.store.writer")
    private let open: @Sendable () throws -> SQLConnection
    private let backlogLimit: Int
    private let state = Mutex(State())
    private let counted = Mutex(Counts())
    // nonisolated(unsafe): touched only on `queue`, which is serial; nil after a disk fault.
    private nonisolated(unsafe) var connection: SQLConnection?

    /// `open` makes, and checks, a connection; it is called again after a disk fault. `backlogLimit` writes may wait.
    public init(backlogLimit: Int, open: @escaping @Sendable () throws -> SQLConnection) throws {
        self.backlogLimit = backlogLimit
        self.open = open
        self.connection = try open()
    }

    /// What has been done since the start.
    public var counts: Counts { counted.withLock { $0 } }

    /// Writes waiting now.
    public var depth: Int { state.withLock { $0.waiting.count } }

    /// Runs `body` with the writing connection and returns when what it wrote is on the disk. Throws `Overloaded` when
    /// too many writes wait, `StoreError.unavailable` when nothing could be kept, else what `body` throws (which undoes
    /// what it wrote, and nothing else).
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (SQLConnection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let attempt = Attempt { connection in
                let outcome = Swift.Result { try connection.savepoint { try body(connection) } }
                return Outcome(answer: { continuation.resume(with: $0.map { .failure($0) } ?? outcome) }, outcome)
            } refuse: {
                continuation.resume(throwing: $0)
            }
            if !enqueue(attempt) { continuation.resume(throwing: Overloaded(queue: "store")) }
        }
    }

    /// Waits for what was taken, then closes the connection; later writes open a new one.
    public func close() {
        queue.sync { connection = nil }
    }

    private func enqueue(_ attempt: Attempt) -> Bool {
        let (isTaken, mustDrain) = state.withLock { state in
            guard state.waiting.count < backlogLimit else { return (false, false) }
            state.waiting.append(attempt)
            defer { state.isDraining = true }
            return (true, !state.isDraining)
        }
        if mustDrain { queue.async { self.drain() } }
        return isTaken
    }

    private func drain() {
        while let group = nextGroup() { run(group) }
    }

    private func nextGroup() -> [Attempt]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isDraining = false
                return nil
            }
            let group = Array(state.waiting.prefix(Writer.groupLimit))
            state.waiting.removeFirst(group.count)
            return group
        }
    }

    private func run(_ group: [Attempt]) {
        var outcomes: [Outcome] = []
        do {
            let connection = try connection ?? open()
            self.connection = connection
            try connection.execute("BEGIN IMMEDIATE")
            for attempt in group {
                let outcome = attempt.run(connection)
                outcomes.append(outcome)
                if let fault = outcome.fault { throw fault }
                // Some disk errors end the transaction inside a write; its neighbours' writes went with it.
                guard connection.isInTransaction else { throw StoreError.unavailable("the transaction was lost") }
            }
            try connection.execute("COMMIT")
        } catch {
            return fail(group, outcomes, error)
        }
        counted.withLock {
            $0.commits += 1
            $0.writes += group.count
        }
        for outcome in outcomes { outcome.answer(nil) }
    }

    private func fail(_ group: [Attempt], _ outcomes: [Outcome], _ error: any Error) {
        counted.withLock { $0.failures += 1 }
        connection?.abandon()
        // A connection that met a disk fault may believe in pages that never reached the medium.
        connection = nil
        let fault = StoreError.unavailable(String(describing: error))
        for outcome in outcomes { outcome.answer(fault) }
        for attempt in group.dropFirst(outcomes.count) { attempt.refuse(fault) }
    }
}

extension Writer.Outcome {
    fileprivate init<Result>(
        answer: @escaping @Sendable (StoreError?) -> Void, _ result: Swift.Result<Result, any Error>
    ) {
        self.answer = answer
        if case .failure(let error as StoreError) = result, error.isDiskFault {
            fault = error
        } else {
            fault = nil
        }
    }
}
