import Platform
import Synchronization

/// Reading connections, a fixed number, beside the one writer: readers wait for nobody and see what was committed.
public final class Readers: Sendable {
    private let work: WorkQueue
    private let idle = Mutex<[SQLConnection]>([])
    private let open: @Sendable () throws -> SQLConnection

    /// `count` connections at most; `backlogLimit` reads waiting or running.
    public init(count: Int, backlogLimit: Int, open: @escaping @Sendable () throws -> SQLConnection) {
        self.work = WorkQueue(name: "store.readers", width: count, backlogLimit: backlogLimit)
        self.open = open
    }

    /// Reads waiting or running now.
    public var depth: Int { work.depth }

    /// Runs `body` with a reading connection, in one unchanging state of the file. Throws `Overloaded`, or what `body`
    /// throws.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (SQLConnection) throws -> Result
    ) async throws -> Result {
        try await work.run {
            // Never more taken than the queue has lanes, so the pool is as bounded as the queue.
            let connection = try self.idle.withLock { $0.popLast() } ?? self.open()
            do {
                let result = try connection.snapshot { try body(connection) }
                self.putBack(connection)
                return result
            } catch let error as StoreError where error.isDiskFault {
                // Not put back: the next read opens another.
                throw error
            } catch {
                self.putBack(connection)
                throw error
            }
        }
    }

    /// Closes the connections that nobody uses.
    public func close() {
        idle.withLock { $0.removeAll() }
    }

    private func putBack(_ connection: SQLConnection) {
        idle.withLock { $0.append(connection) }
    }
}
