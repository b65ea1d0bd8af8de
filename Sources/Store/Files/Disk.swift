import Glibc

/// What is about to be asked of the disk for a file beside the database.
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

/// The calls that make files durable. Each throws `unavailable` when the disk says no.
struct Disk: Sendable {
    var faults: (any DiskFaults)?

    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(StoreError) {
        var rest = bytes
        while !rest.isEmpty {
            try meet(.write)
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .unavailable }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    func flush(_ descriptor: Int32) throws(StoreError) {
        try meet(.flush)
        // Not tried again after a failure: the system may have dropped the pages and would then report success.
        guard fsync(descriptor) == 0 else { throw .unavailable }
    }

    func rename(_ from: String, to: String) throws(StoreError) {
        try meet(.rename)
        guard Glibc.rename(from, to) == 0 else { throw .unavailable }
    }

    /// Gives a file a second name; that the name is there already is as good: it stands for the same content.
    func link(_ from: String, to: String) throws(StoreError) {
        try meet(.rename)
        guard Glibc.link(from, to) == 0 || errno == EEXIST else { throw .unavailable }
    }

    /// Makes new and renamed names in `folder` survive a power cut.
    func flush(folder: String) throws(StoreError) {
        try meet(.flushFolder)
        guard FileSystem.flush(directory: folder) else { throw .unavailable }
    }

    private func meet(_ operation: DiskOperation) throws(StoreError) {
        if faults?.fault(before: operation) != nil { throw .unavailable }
    }
}
