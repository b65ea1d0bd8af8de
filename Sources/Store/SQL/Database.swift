import Dispatch
import Platform
import Synchronization

/// What the store answers instead of a result.
public enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The disk is full or broken: nothing was written, reading goes on, and writing heals by itself (503).
    /// A change that was refused so may still be found after the program itself died before its next commit: trying
    /// again under the same key, or with the version that was shown, is safe in either case.
    case unavailable
    /// There is no such thing (404).
    case notFound
    /// Somebody else changed it first (409).
    case versionConflict(current: Int)

    /// For the operator.
    public var description: String {
        switch self {
        case .unavailable: "the disk does not take what is written: it is full, read-only or broken"
        case .notFound: "there is no such thing"
        case .versionConflict(let current): "somebody else changed it first; it is at version \(current)"
        }
    }
}

/// One writer, many readers, and one fsync for all writes that wait together (group commit).
final class Database: Sendable {
    private let options: StoreOptions
    private let writerQueue = DispatchQueue(label: "motcua.store.writer")
    private let pending = Mutex<[any WriteJob]>([])
    private let writer: WriterBox
    private let copier: LogCopier
    private let readers: [ReaderLane]
    private let turn = Atomic<Int>(0)
    private let commits = Atomic<Int>(0)
    private let batchLimit = 256
    private let fault = Mutex<String?>(nil)

    /// Opens the file, brings the schema up to date, lets `prepare` have the writer alone, opens the readers.
    init(
        path: String, options: StoreOptions = StoreOptions(), prepare: (SQLConnection) throws(SQLError) -> Void
    ) throws(SQLError) {
        self.options = options
        writer = WriterBox(path: path, diskLayer: options.diskLayer)
        copier = LogCopier(path: path, options: options)
        let connection = try writer.open()
        try Migrations.run(connection)
        try prepare(connection)
        try writer.holdLog()
        var lanes: [ReaderLane] = []
        for number in 0..<options.readerCount {
            lanes.append(try ReaderLane(path: path, number: number, options: options))
        }
        readers = lanes
    }

    /// Why the last transaction failed, for the operator; nil once one has held again.
    var lastFault: String? { fault.withLock { $0 } }

    /// How many transactions were committed: fewer than writes when many came at once.
    var commitCount: Int { commits.load(ordering: .relaxed) }

    /// Writes and reads that wait now, by queue.
    var queueDepths: [(name: String, depth: Int)] {
        [("writer", pending.withLock { $0.count }), ("readers", readers.reduce(0) { $0 + $1.depth })]
    }

    /// Runs `body` in a savepoint of the next transaction; returns only after that transaction is on the disk.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (SQLConnection) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let job = Job(body: body, continuation: continuation)
            let isFirst = pending.withLock { jobs -> Bool? in
                guard jobs.count < options.writeBacklog else { return nil }
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
            let connection = try writer.connection()
            try connection.execute("BEGIN IMMEDIATE")
            if jobs.count == 1 {
                guard try performAlone(jobs[0], connection) else { return jobs[0].finish(nil) }
            } else {
                for job in jobs { try perform(job, connection) }
            }
            let newest = try EventChain.newest(connection)
            try connection.execute("COMMIT")
            writer.acknowledge(newest)
            commits.add(1, ordering: .relaxed)
            fault.withLock { $0 = nil }
            for job in jobs { job.finish(nil) }
            copier.committed(connection)
        } catch {
            // Whatever it was, the transaction is gone and nobody's request is to blame.
            writer.failed()
            fault.withLock { $0 = error.description }
            for job in jobs { job.finish(StoreError.unavailable) }
        }
    }

    /// A job without company needs no savepoint: what it refuses takes the whole transaction back. False when it did.
    private func performAlone(_ job: any WriteJob, _ connection: SQLConnection) throws(SQLError) -> Bool {
        guard let failure = job.run(connection) else { return true }
        if let error = failure as? SQLError, error.isStorage { throw error }
        try connection.execute("ROLLBACK")
        return false
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
    private var held: SQLConnection?
    private var newest = EventChain.Link.none
    // Never used after it was opened. While any connection has the log open, a writer that comes back goes on where the
    // last commit that held has ended; the first connection after none would run recovery instead, and take in the pages
    // of a commit whose flush failed and which was answered as not kept.
    private var anchor: SQLConnection?
    private let path: String
    private let diskLayer: String?

    init(path: String, diskLayer: String?) {
        self.path = path
        self.diskLayer = diskLayer
    }

    func open() throws(SQLError) -> SQLConnection {
        let fresh = try SQLConnection(path: path, isReader: false, diskLayer: diskLayer)
        fresh.leaveLog()
        held = fresh
        return fresh
    }

    /// Called once, when the schema is there.
    func holdLog() throws(SQLError) {
        let connection = try SQLConnection(path: path, isReader: true, diskLayer: diskLayer)
        _ = try connection.query("SELECT COUNT(*) FROM schema_step") { $0.integer(0) }
        anchor = connection
    }

    func connection() throws(SQLError) -> SQLConnection {
        if let held { return held }
        let fresh = try SQLConnection(path: path, isReader: false, diskLayer: diskLayer)
        // Proves that the disk takes and flushes pages again. Passive, because waiting for readers would hold up every
        // write; what they keep in the log was flushed before it was acknowledged.
        _ = try fresh.query("PRAGMA wal_checkpoint(PASSIVE)") { $0.integer(0) }
        let found = try EventChain.link(at: newest.position, fresh)
        guard found == newest else {
            throw SQLError(code: 11, message: "acknowledged event \(newest.position) is not there any more")
        }
        fresh.leaveLog()
        held = fresh
        return fresh
    }

    /// Remembers the newest event on the disk: a file that has lost it is not written to any more.
    func acknowledge(_ link: EventChain.Link) {
        newest = link
    }

    /// The connection may believe in pages that never reached the medium: it is not used again.
    func failed() {
        held?.close()
        held = nil
    }
}

/// One reader with its queue and a bounded backlog.
private final class ReaderLane: @unchecked Sendable {
    // Guard: the connection is used on `queue` only.
    private var connection: SQLConnection?
    private let queue: DispatchQueue
    private let waiting = Atomic<Int>(0)
    private let path: String
    private let options: StoreOptions

    init(path: String, number: Int, options: StoreOptions) throws(SQLError) {
        self.path = path
        self.options = options
        connection = try SQLConnection(path: path, isReader: true, diskLayer: options.diskLayer)
        queue = DispatchQueue(label: "motcua.store.reader.\(number)")
    }

    var depth: Int { waiting.load(ordering: .relaxed) }

    func run<Value: Sendable>(_ body: @escaping @Sendable (SQLConnection) throws -> Value) async throws -> Value {
        guard waiting.add(1, ordering: .relaxed).newValue <= options.readBacklog else {
            waiting.subtract(1, ordering: .relaxed)
            throw Overloaded(queue: "reader")
        }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                let outcome = Result { try read(body) }
                waiting.subtract(1, ordering: .relaxed)
                continuation.resume(with: outcome)
            }
        }
    }

    private func read<Value>(_ body: (SQLConnection) throws -> Value) throws -> Value {
        do {
            let open =
                try connection ?? SQLConnection(path: path, isReader: true, diskLayer: options.diskLayer)
            connection = open
            return try open.snapshot(body)
        } catch let error as SQLError where error.isStorage {
            // The next read opens another connection.
            connection = nil
            throw StoreError.unavailable
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
