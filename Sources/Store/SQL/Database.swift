import Dispatch
import Platform
import Synchronization

/// What the store answers instead of a result.
public enum StoreError: Error, Sendable, Hashable {
    /// The disk is full or broken: nothing was written, reading goes on, and writing heals by itself (503).
    case unavailable
    /// There is no such thing (404).
    case notFound
    /// Somebody else changed it first (409).
    case versionConflict(current: Int)
}

/// One writer, many readers, and one fsync for all writes that wait together (group commit).
final class Database: Sendable {
    private let path: String
    private let writerQueue = DispatchQueue(label: "motcua.store.writer")
    private let pending = Mutex<[any WriteJob]>([])
    private let writer: WriterBox
    private let readers: [ReaderLane]
    private let turn = Atomic<Int>(0)
    private let commits = Atomic<Int>(0)
    private let backlogLimit = 4_096
    private let batchLimit = 256

    /// Opens the file, brings the schema up to date, opens `readerCount` readers.
    init(path: String, readerCount: Int = 4) throws(SQLError) {
        self.path = path
        let connection = try SQLConnection(path: path, isReader: false)
        try Migrations.run(connection)
        writer = WriterBox(connection)
        var lanes: [ReaderLane] = []
        for number in 0..<readerCount { lanes.append(try ReaderLane(path: path, number: number)) }
        readers = lanes
    }

    /// How many transactions were committed: fewer than writes when many came at once.
    var commitCount: Int { commits.load(ordering: .relaxed) }

    /// Runs `body` in a savepoint of the next transaction; returns only after that transaction is on the disk.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (SQLConnection) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let job = Job(body: body, continuation: continuation)
            let isFirst = pending.withLock { jobs -> Bool? in
                guard jobs.count < backlogLimit else { return nil }
                jobs.append(job)
                return jobs.count == 1
            }
            switch isFirst {
            case nil: continuation.resume(throwing: Overloaded(queue: "writer"))
            case true?: writerQueue.async { self.runBatch() }
            case false?: break
            }
        }
    }

    /// Reads on one of the readers' queues.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (SQLConnection) throws -> Value
    ) async throws -> Value {
        let lane = readers[abs(turn.add(1, ordering: .relaxed).oldValue % readers.count)]
        return try await lane.run(body)
    }

    /// Blocks until what was queued before has run; for commands and stops.
    func drain() { writerQueue.sync {} }

    // MARK: The writer's queue

    private func runBatch() {
        while true {
            let jobs = pending.withLock { jobs in
                let batch = Array(jobs.prefix(batchLimit))
                jobs.removeFirst(batch.count)
                // The queue's own turn takes what comes while it works; the marker keeps others from starting a second.
                return batch
            }
            guard !jobs.isEmpty else { return }
            commit(jobs)
        }
    }

    private func commit(_ jobs: [any WriteJob]) {
        do throws(SQLError) {
            let connection = try writer.connection(path: path)
            try connection.execute("BEGIN IMMEDIATE")
            for job in jobs { try perform(job, connection) }
            try connection.execute("COMMIT")
            commits.add(1, ordering: .relaxed)
            for job in jobs { job.finish(nil) }
        } catch {
            writer.failed(error)
            for job in jobs { job.finish(error.isStorage ? StoreError.unavailable : error) }
        }
    }

    private func perform(_ job: any WriteJob, _ connection: SQLConnection) throws(SQLError) {
        try connection.execute("SAVEPOINT job")
        if let failure = job.run(connection) {
            // A broken disk ends the whole transaction; anything else only this job.
            if let error = failure as? SQLError, error.isStorage { throw error }
            try connection.execute("ROLLBACK TO job")
        }
        try connection.execute("RELEASE job")
    }
}

/// The writing connection; replaced after the disk failed.
private final class WriterBox: @unchecked Sendable {
    // Guard: used on the writer's serial queue only, after init.
    private var connection: SQLConnection?

    init(_ connection: SQLConnection) { self.connection = connection }

    func connection(path: String) throws(SQLError) -> SQLConnection {
        if let connection { return connection }
        let fresh = try SQLConnection(path: path, isReader: false)
        // After a failed flush the system may have dropped log pages that look written. A complete checkpoint brings
        // what the log still holds into the database file and flushes that; until it succeeds nothing is acknowledged.
        let busy = try fresh.query("PRAGMA wal_checkpoint(TRUNCATE)") { $0.integer(0) }.first ?? 1
        guard busy == 0 else { throw SQLError(code: 5, message: "the log cannot be checkpointed yet") }
        connection = fresh
        return fresh
    }

    func failed(_ error: SQLError) {
        guard error.isStorage else {
            try? connection?.execute("ROLLBACK")
            return
        }
        connection?.close()
        connection = nil
    }
}

/// One reader with its queue and a bounded backlog.
private final class ReaderLane: @unchecked Sendable {
    // Guard: the connection is used on `queue` only.
    private let connection: SQLConnection
    private let queue: DispatchQueue
    private let waiting = Atomic<Int>(0)

    init(path: String, number: Int) throws(SQLError) {
        connection = try SQLConnection(path: path, isReader: true)
        queue = DispatchQueue(label: "motcua.store.reader.\(number)")
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable (SQLConnection) throws -> Value) async throws -> Value {
        guard waiting.add(1, ordering: .relaxed).newValue <= 1_024 else {
            waiting.subtract(1, ordering: .relaxed)
            throw Overloaded(queue: "reader")
        }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                let outcome = Result { try body(connection) }
                waiting.subtract(1, ordering: .relaxed)
                continuation.resume(with: outcome)
            }
        }
    }
}

private protocol WriteJob: AnyObject, Sendable {
    /// Runs the body; returns why it failed.
    func run(_ connection: SQLConnection) -> (any Error)?
    /// Answers the caller after the transaction's end.
    func finish(_ failure: (any Error)?)
}

private final class Job<Value: Sendable>: WriteJob, @unchecked Sendable {
    // Guard: `outcome` is set and read on the writer's queue only.
    private let body: @Sendable (SQLConnection) throws -> Value
    private let continuation: CheckedContinuation<Value, any Error>
    private var outcome: Result<Value, any Error>?

    init(body: @escaping @Sendable (SQLConnection) throws -> Value, continuation: CheckedContinuation<Value, any Error>)
    {
        self.body = body
        self.continuation = continuation
    }

    func run(_ connection: SQLConnection) -> (any Error)? {
        let outcome = Result { try body(connection) }
        self.outcome = outcome
        if case .failure(let error) = outcome { return error }
        return nil
    }

    func finish(_ failure: (any Error)?) {
        if let failure { return continuation.resume(throwing: failure) }
        switch outcome {
        case .failure(let error as SQLError) where error.isStorage:
            continuation.resume(throwing: StoreError.unavailable)
        case .some(let outcome): continuation.resume(with: outcome)
        case nil: continuation.resume(throwing: StoreError.unavailable)
        }
    }
}
