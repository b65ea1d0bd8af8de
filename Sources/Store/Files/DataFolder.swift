import Foundation
import Glibc
import Platform

/// Why a data folder cannot be used: said at start.
public enum DataFolderError: Error, Sendable, CustomStringConvertible {
    /// Another program works in it.
    case inUse(String)
    /// It cannot be made or written.
    case unwritable(String, String)
    /// A secret can be read by everyone.
    case exposedSecret(String)

    /// For the operator.
    public var description: String {
        switch self {
        case .inUse(let path): "\(path) is in use by another motcua"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        case .exposedSecret(let path): "\(path) can be read by other users: set its mode to 0600"
        }
    }
}

/// The one folder with everything: database, papers, secrets. Held by one program at a time.
public final class DataFolder: Sendable {
    /// Its path.
    public let path: String
    private let lock: Int32

    /// Opens or makes it (mode 0700) and takes its lock, for which it waits at most `patience` seconds. Blocks.
    public init(_ path: String, patience: Int = 0) throws(DataFolderError) {
        self.path = path
        for folder in ["", "/attachments", "/spool", "/secrets"] {
            guard mkdir(path + folder, 0o700) == 0 || errno == EEXIST else {
                throw .unwritable(path + folder, String(cString: strerror(errno)))
            }
        }
        lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .unwritable(path, String(cString: strerror(errno))) }
        var turns = patience * 100
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, turns > 0 else {
                close(lock)
                throw .inUse(path)
            }
            turns -= 1
            usleep(10_000)
        }
        // The new folders' names must outlive a power cut before anything in them is promised.
        guard FileSystem.flush(directory: path) else {
            close(lock)
            throw .unwritable(path, String(cString: strerror(errno)))
        }
    }

    deinit { close(lock) }

    /// The database file.
    public var database: String { path + "/motcua.sqlite" }
    /// Papers by digest.
    public var attachments: String { path + "/attachments" }
    /// Unfinished uploads.
    public var spool: String { path + "/spool" }

    /// 32 random bytes that stay the same; made at first use, mode 0600. Blocks.
    public func secret(_ name: String) throws(DataFolderError) -> [UInt8] {
        let file = path + "/secrets/" + name
        var status = stat()
        if stat(file, &status) == 0 {
            guard status.st_mode & 0o077 == 0 else { throw .exposedSecret(file) }
            if let data = FileManager.default.contents(atPath: file), data.count == 32 { return Array(data) }
            throw .unwritable(file, "is not a secret of 32 bytes")
        }
        let bytes = SecureRandom.bytes(32)
        try write(bytes, to: "secrets/" + name)
        return bytes
    }

    /// Writes a small file durably with mode 0600.
    public func write(_ bytes: [UInt8], to name: String) throws(DataFolderError) {
        let file = path + "/" + name
        let partial = file + ".partial"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(file, String(cString: strerror(errno))) }
        let written = Glibc.write(descriptor, bytes, bytes.count)
        let flushed = fsync(descriptor)
        close(descriptor)
        guard written == bytes.count, flushed == 0, rename(partial, file) == 0 else {
            throw .unwritable(file, String(cString: strerror(errno)))
        }
        guard FileSystem.flush(directory: (file as NSString).deletingLastPathComponent) else {
            throw .unwritable(file, String(cString: strerror(errno)))
        }
    }

    /// Free bytes for this program on the folder's disk.
    public var freeBytes: Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return 0 }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }
}

/// Small durable steps on files.
enum FileSystem {
    /// Makes a new or renamed name in `directory` survive a power cut; false when the disk says no.
    static func flush(directory: String) -> Bool {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }
}
