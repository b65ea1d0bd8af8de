import FoundationEssentials
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
    /// Nothing was ever kept there.
    case absent(String)
    /// Something is gone without which the rest would be read wrongly.
    case lost(String)

    /// For the operator.
    public var description: String {
        switch self {
        case .inUse(let path): "\(path) is in use by another motcua"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        case .exposedSecret(let path): "\(path) can be read by other users: set its mode to 0600"
        case .absent(let path): "\(path) holds no data of motcua"
        case .lost(let path): "\(path) is gone, but the folder has data that belong to it: restore a backup"
        }
    }
}

/// The one folder with everything: database, papers, secrets. Held by one program at a time.
public final class DataFolder: Sendable {
    /// Its path.
    public let path: String
    private let lock: Int32

    /// Opens one that holds data and takes its lock; a mistyped path makes no folder. Blocks.
    public convenience init(existing path: String) throws(DataFolderError) {
        guard FileSystem.byteCount(path + "/motcua.sqlite") > 0 else { throw .absent(path) }
        try self.init(path)
    }

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
                // deinit closes the lock, here and below: twice could close another thread's new file.
                throw .inUse(path)
            }
            turns -= 1
            usleep(10_000)
        }
        // A folder that somebody made beforehand is usually open to all. The new folders' names, and this one's own, must
        // outlive a power cut before anything in them is promised.
        guard chmod(path, 0o700) == 0, FileSystem.flush(directory: path), FileSystem.flush(directory: path + "/..")
        else {
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

    /// A secret that data depend on: made while there are none, never made anew once there are. Blocks.
    func lastingSecret(_ name: String) throws(DataFolderError) -> [UInt8] {
        let file = path + "/secrets/" + name
        guard FileSystem.byteCount(database) == 0 || access(file, F_OK) == 0 else { throw .lost(file) }
        return try secret(name)
    }

    /// Throws when there are papers but no database: beginning another one would give their dossiers' codes again.
    func requireDatabaseOfPapers() throws(DataFolderError) {
        let papers = (try? FileManager.default.contentsOfDirectory(atPath: attachments)) ?? []
        guard papers.isEmpty || FileSystem.byteCount(database) > 0 else { throw .lost(database) }
    }

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
        guard FileSystem.flush(directory: FileSystem.folder(of: file)) else {
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
    /// The folder that `path` lies in; empty for a bare name.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes a new or renamed name in `directory` survive a power cut; false when the disk says no.
    static func flush(directory: String) -> Bool {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    /// `S_IFREG`, `S_IFDIR` or another of `st_mode`'s kinds, of the name itself where it is a link; nil for nothing.
    static func kind(of path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    /// 0 for an empty or absent file.
    static func byteCount(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}
