import Dispatch
import Synchronization

/// Copies the log into the database beside the writer (SQLite's passive checkpoint), so that no commit waits for it. While
/// writes go on the log always has a rest that is not copied yet, and begins anew only after all of it is: therefore the
/// writer itself copies that rest when the log has grown to twice what the copier waits for. Not later, because a file that
/// still grows takes longer to flush than one that is written over.
final class LogCopier: @unchecked Sendable {
    // Guard: `connection` is used on `queue` only, the counts on the writer's queue only.
    private var connection: SQLConnection?
    private var copiedAt = 0
    private var triedAt = 0
    private let queue = DispatchQueue(label: "motcua.store.log")
    private let isCopying = Atomic<Bool>(false)
    private let path: String
    private let options: StoreOptions

    init(path: String, options: StoreOptions) {
        self.path = path
        self.options = options
    }

    /// Called by the writer after a commit was answered; `writer` counts the pages of its log.
    func committed(_ writer: SQLConnection) {
        let pages = writer.logPages
        if pages < copiedAt { (copiedAt, triedAt) = (0, 0) }
        if pages >= max(2 * options.logPages, triedAt + options.logPages) {
            // Readers of an older state can keep a part in the log: tried again when it has grown once more.
            triedAt = pages
            LogCopier.copy(writer)
        }
        guard pages >= copiedAt + options.logPages, !isCopying.exchange(true, ordering: .acquiring) else { return }
        copiedAt = pages
        queue.async { [self] in
            copyBeside()
            isCopying.store(false, ordering: .releasing)
        }
    }

    private func copyBeside() {
        if connection == nil {
            connection = try? SQLConnection(path: path, isReader: false, diskLayer: options.diskLayer)
        }
        if let connection, !LogCopier.copy(connection) { self.connection = nil }
    }

    /// False when the disk said no: everything is in the log still, and is copied again from where it was left.
    @discardableResult private static func copy(_ connection: SQLConnection) -> Bool {
        (try? connection.query("PRAGMA wal_checkpoint(PASSIVE)") { $0.integer(0) }) != nil
    }
}
