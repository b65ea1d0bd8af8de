import Glibc
import Platform
import Synchronization

/// One request's hold on an unfinished file: it alone writes, until a later request takes over.
public final class PartialFile: Sendable {
    /// Bytes that may be lost, and so sent twice, when the program or the machine dies: between two flushes.
    static let chunkBytes: Int64 = 256 << 10

    /// The upload that the file is of.
    let id: String
    let path: String
    private let folder: String
    private let disk: Disk
    private let state = Mutex(State())
    private let predecessor: Mutex<PartialFile?>
    /// Counts what is added, told without waiting for the disk; -1 once nothing can be.
    private let counter = Atomic<Int64>(0)
    /// Whether bytes are on their way to the disk.
    let isBusy = Atomic<Bool>(false)

    private struct State {
        var descriptor: Int32 = -1
        /// Bytes kept, every one of them written.
        var written: Int64 = 0
        /// Bytes known to be on the medium.
        var flushed: Int64 = 0
        var wasOpen = false
        var isEnded = false
        /// Writing failed: some of a piece may lie behind what counts, where nothing may be added.
        var isStopped = false
        /// Flushing failed: what was not on the medium then may never be.
        var isBroken = false
    }

    init(id: String, folder: String, disk: Disk, previous: PartialFile?) {
        self.id = id
        predecessor = Mutex(previous)
        self.folder = folder
        path = PartialFiles.path(of: id, in: folder)
        self.disk = disk
    }

    /// The hold that this one took over from, until what that one kept is remembered.
    var previous: PartialFile? {
        get { predecessor.withLock { $0 } }
        set { predecessor.withLock { $0 = newValue } }
    }

    deinit { state.withLock { if $0.descriptor >= 0 { Glibc.close($0.descriptor) } } }

    /// Waits until nothing has been added for 100 ms, a second at most: what this machine has already received of a line
    /// that was cut is not thrown away because the sender is back so soon.
    func lull() async {
        var (seen, still) = (counter.load(ordering: .relaxed), 0)
        for _ in 0..<50 where seen >= 0 && still < 5 {
            try? await Task.sleep(for: .milliseconds(20))
            let now = counter.load(ordering: .relaxed)
            still = now == seen && !isBusy.load(ordering: .relaxed) ? still + 1 : 0
            seen = now
        }
    }

    /// Bytes in the file; 0 when there is none. Blocks.
    var size: Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Opens the file to go on at `offset`. What lies behind is cut off: it was never promised. Throws `notFound` when the
    /// file is shorter. Blocks.
    func open(at offset: Int64) throws {
        try state.withLock { state in
            guard !state.isEnded else { throw UploadSuperseded() }
            let creates = offset == 0 ? O_CREAT : 0
            let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | creates, 0o600)
            guard descriptor >= 0 else { throw errno == ENOENT ? StoreError.notFound : .unavailable }
            state.descriptor = descriptor
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw StoreError.unavailable }
            guard Int64(status.st_size) >= offset else { throw StoreError.notFound }
            guard ftruncate(descriptor, off_t(offset)) == 0, lseek(descriptor, off_t(offset), SEEK_SET) == offset else {
                throw StoreError.unavailable
            }
            state.written = offset
            state.flushed = offset
            state.wasOpen = true
            // Its name must outlive a power cut before anything in it is promised.
            if offset == 0 { try disk.flush(folder: folder) }
        }
    }

    /// Adds bytes; returns how many are on the medium by now when that has changed. Throws `UploadSuperseded` once a later
    /// request has taken over. Blocks.
    func append(_ bytes: [UInt8]) throws -> Int64? {
        try state.withLock { state in
            guard !state.isEnded else { throw UploadSuperseded() }
            guard !state.isStopped, !state.isBroken else { throw StoreError.unavailable }
            do {
                try bytes.withUnsafeBytes { try disk.write($0, to: state.descriptor) }
            } catch {
                state.isStopped = true
                throw error
            }
            state.written += Int64(bytes.count)
            counter.store(state.written, ordering: .relaxed)
            guard state.written - state.flushed >= PartialFile.chunkBytes else { return nil }
            try flush(&state)
            return state.flushed
        }
    }

    /// Flushes and closes; returns how many bytes are on the medium and whether that is everything that was added, or nil
    /// when it never was open. Says the same when asked again. Whoever writes still gets `UploadSuperseded`. Blocks.
    func end() -> (durable: Int64, isWhole: Bool)? {
        state.withLock { state in
            state.isEnded = true
            counter.store(-1, ordering: .relaxed)
            guard state.wasOpen else { return nil }
            if state.descriptor >= 0, state.written > state.flushed, !state.isBroken { try? flush(&state) }
            close(&state)
            return (state.flushed, state.written == state.flushed)
        }
    }

    private func flush(_ state: inout State) throws {
        do {
            try disk.flush(state.descriptor)
            state.flushed = state.written
        } catch {
            // What the system dropped it may call written the next time it is asked.
            state.isBroken = true
            throw error
        }
    }

    private func close(_ state: inout State) {
        if state.descriptor >= 0 { Glibc.close(state.descriptor) }
        state.descriptor = -1
    }
}

/// A later request went on with the same upload.
public struct UploadSuperseded: Error, Sendable, Hashable {}

/// Which requests hold which unfinished files, in the spool under the digests of unguessable names.
final class PartialFiles: Sendable {
    let spool: String
    let queue: WorkQueue
    private let disk: Disk
    private let holds = Mutex<[String: PartialFile]>([:])

    init(_ data: DataFolder, queue: WorkQueue, faults: (any DiskFaults)?) {
        spool = data.spool
        self.queue = queue
        disk = Disk(faults: faults)
    }

    /// Where the bytes of an upload lie.
    static func path(of id: String, in folder: String) -> String { folder + "/partial-" + id }

    /// The hold there is.
    func current(_ id: String) -> PartialFile? { holds.withLock { $0[id] } }

    /// A hold that follows on the one there is, if any.
    func take(_ id: String) -> PartialFile {
        holds.withLock { holds in
            let file = PartialFile(id: id, folder: spool, disk: disk, previous: holds[id])
            holds[id] = file
            return file
        }
    }

    /// Forgets a hold that has ended; not while something before it is unsettled, which the next one must know of.
    func forget(_ file: PartialFile) {
        holds.withLock { if $0[file.id] === file, file.previous == nil { $0[file.id] = nil } }
    }

    /// Forgets the holds of uploads that are no more.
    func forget(_ gone: Set<String>) {
        holds.withLock { holds in for id in gone { holds[id] = nil } }
    }

    /// The uploads that requests hold now.
    var held: Set<String> { holds.withLock { Set($0.keys) } }
}
