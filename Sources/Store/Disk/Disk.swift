import Glibc

/// What the store is about to ask of the disk.
public enum DiskOperation: String, Sendable, Hashable, CaseIterable {
    /// Bytes into a file.
    case write
    /// A file's bytes onto the medium.
    case flush
    /// A name put in place.
    case rename
    /// A folder's names onto the medium.
    case flushFolder
}

/// The seam through which tests make the disk fail. Production has none.
public protocol DiskFaults: Sendable {
    /// Asked before each call; an errno (ENOSPC, EIO) makes the call fail with it instead of being made.
    func fault(before operation: DiskOperation) -> Int32?
}

/// The calls that make files durable, in one place; nobody else in the room reads errno after a write.
public struct Disk: Sendable {
    private let faults: (any DiskFaults)?

    /// The system's disk; `faults` is for tests.
    public init(faults: (any DiskFaults)? = nil) {
        self.faults = faults
    }

    /// Writes all bytes. Throws `full` or `inputOutput`.
    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(StoreError) {
        var rest = bytes
        while !rest.isEmpty {
            try meet(.write)
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Disk.error(errno)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Waits until the file is on the medium.
    func flush(_ descriptor: Int32) throws(StoreError) {
        try meet(.flush)
        // Not tried again after a failure: the kernel may have dropped the pages and would then report success.
        guard fsync(descriptor) == 0 else { throw Disk.error(errno) }
    }

    /// Puts `from` in the place of `to`.
    func rename(_ from: String, to: String) throws(StoreError) {
        try meet(.rename)
        guard Glibc.rename(from, to) == 0 else { throw Disk.error(errno) }
    }

    /// Waits until the folder's names are on the medium.
    func flushFolder(_ path: String) throws(StoreError) {
        try meet(.flushFolder)
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Disk.error(errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Disk.error(errno) }
    }

    /// Makes a folder that only its owner may enter; one that is there already is fine.
    func makeFolder(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw .cannotOpen("\(path): \(Disk.describe(errno))")
        }
    }

    private func meet(_ operation: DiskOperation) throws(StoreError) {
        if let code = faults?.fault(before: operation) { throw Disk.error(code) }
    }

    static func error(_ code: Int32) -> StoreError {
        code == ENOSPC || code == EDQUOT ? .full : .inputOutput(code)
    }

    static func describe(_ code: Int32) -> String { String(cString: strerror(code)) }
}
