import FoundationEssentials
import Glibc
import Platform

/// Why a backup or restore did not happen.
public enum BackupError: Error, Sendable, CustomStringConvertible {
    /// The target exists, or the folder is not empty.
    case exists(String)
    /// The archive cannot be written or read.
    case archive(String)
    /// What came back, and where it lies, is not whole.
    case damaged(String, [String])

    /// For the operator.
    public var description: String {
        switch self {
        case .exists(let path): "\(path) exists already; nothing was changed"
        case .archive(let reason): "archive: \(reason)"
        case .damaged(let path, let findings):
            "what was restored to \(path) is damaged: " + findings.joined(separator: "; ")
        }
    }
}

/// A backup is one uncompressed tar file, readable by its owner alone, because the folder's secrets are in it:
/// `motcua.sqlite`, `secrets/…`, `attachments/ab/…`.
extension StoreOperations {
    /// Makes a backup, also while the server works: a consistent copy of the database first, then the papers it names,
    /// which were durable before it named them and never change. Blocks.
    public static func backup(dataPath: String, to file: String, progress: @escaping ProgressReport) throws {
        guard FileSystem.byteCount(dataPath + "/motcua.sqlite") > 0 else { throw DataFolderError.absent(dataPath) }
        guard !FileManager.default.fileExists(atPath: file) else { throw BackupError.exists(file) }
        let partial = file + ".partial"
        // What an interrupted backup left behind.
        unlink(partial)
        let copy = dataPath + "/spool/upload-backup-" + SecureRandom.bytes(8).hex
        defer {
            unlink(copy)
            unlink(partial)
        }
        let connection = try SQLConnection(path: dataPath + "/motcua.sqlite", isReader: true)
        try makePrivate(copy)
        var pages: ProgressMeter?
        try connection.copy(to: copy) { done, all in
            let meter = pages ?? ProgressMeter("pages", total: all, progress)
            pages = meter
            meter(done)
        }
        let entries = [("motcua.sqlite", copy)] + (try files(dataPath, ["secrets", "attachments"]))
        let archive = try ArchiveFile(creating: partial)
        try write(entries, to: archive, progress)
        try archive.flush()
        let folder = FileSystem.folder(of: file)
        guard rename(partial, file) == 0, FileSystem.flush(directory: folder.isEmpty ? "." : folder) else {
            throw BackupError.archive("\(file): \(String(cString: strerror(errno)))")
        }
    }

    /// Unpacks a backup beside `dataPath`, flushes it to the disk, verifies it, and only then gives it its name: a restore
    /// that was interrupted or met a torn archive never looks like a data folder. `dataPath` must be empty or absent.
    /// What is damaged stays beside it under the name that the error tells. Blocks.
    public static func restore(
        from file: String, dataPath: String, progress: @escaping ProgressReport
    ) throws -> VerificationReport {
        let present = (try? FileManager.default.contentsOfDirectory(atPath: dataPath)) ?? []
        guard present.isEmpty else { throw BackupError.exists(dataPath) }
        let archive = try ArchiveFile(reading: file)
        let target = dataPath.hasSuffix("/") ? String(dataPath.dropLast()) : dataPath
        let partial = target + ".restoring"
        guard !FileManager.default.fileExists(atPath: partial) else { throw BackupError.exists(partial) }
        try FileManager.default.createDirectory(
            atPath: partial, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let folder: DataFolder
        do {
            folder = try DataFolder(partial)
            try unpack(archive, to: partial, progress)
        } catch {
            try? FileManager.default.removeItem(atPath: partial)
            throw error
        }
        let report = try verify(folder, progress: progress)
        guard report.findings.isEmpty else { throw BackupError.damaged(partial, report.findings) }
        // Takes the place of an empty folder; never of one that has got something in it meanwhile.
        guard rename(partial, target) == 0, FileSystem.flush(directory: target + "/..") else {
            throw BackupError.archive("\(target): \(String(cString: strerror(errno)))")
        }
        return report
    }

    private static func makePrivate(_ path: String) throws {
        _ = try ArchiveFile(creating: path)
    }

    /// Every file below `folders`, with its name in the archive. Unfinished ones are left out.
    private static func files(_ dataPath: String, _ folders: [String]) throws -> [(String, String)] {
        var found: [(String, String)] = []
        for folder in folders {
            try walk(folder) { found.append(($0, dataPath + "/" + $0)) }
        }
        return found.sorted { $0.0 < $1.0 }

        /// What vanishes while it is walked through was none of the backup's.
        func walk(_ folder: String, _ visit: (String) -> Void) throws {
            var names: [String] = []
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: dataPath + "/" + folder)
            } catch let error as CocoaError where error.code == .fileReadNoSuchFile {}
            for name in names where !name.hasSuffix(".partial") {
                let path = folder + "/" + name
                switch FileSystem.kind(of: dataPath + "/" + path) {
                case S_IFREG: visit(path)
                case S_IFDIR: try walk(path, visit)
                default: continue
                }
            }
        }
    }

    private static func write(
        _ entries: [(String, String)], to archive: borrowing ArchiveFile, _ progress: @escaping ProgressReport
    ) throws {
        var total: Int64 = 0
        for (_, path) in entries { total += try ArchiveFile(reading: path).byteCount }
        let meter = ProgressMeter("bytes", total: Int(total), progress)
        var done = 0
        for (name, path) in entries {
            let source = try ArchiveFile(reading: path)
            let byteCount = source.byteCount
            guard let header = TarHeader.write(TarHeader.Entry(name: name, byteCount: byteCount)) else {
                throw BackupError.archive("\(name): the name is too long")
            }
            try archive.write(header)
            try source.copy(byteCount, to: archive) { piece in
                done += piece
                meter(done)
            }
            try archive.write([UInt8](repeating: 0, count: padding(byteCount)))
        }
        // Two empty blocks end an archive.
        try archive.write([UInt8](repeating: 0, count: 2 * TarHeader.blockByteCount))
    }

    private static func unpack(
        _ archive: borrowing ArchiveFile, to dataPath: String, _ progress: @escaping ProgressReport
    ) throws {
        let meter = ProgressMeter("bytes", total: Int(archive.byteCount), progress)
        var done = 0
        var folders: Set<String> = [dataPath, dataPath + "/secrets", dataPath + "/attachments"]
        while true {
            let block = try archive.read(TarHeader.blockByteCount)
            done += block.count
            if block.allSatisfy({ $0 == 0 }) { break }
            guard let entry = TarHeader.read(block), isExpected(entry.name) else {
                throw BackupError.archive("\(archive.path) holds something that no backup has, at byte \(done)")
            }
            let path = dataPath + "/" + entry.name
            let folder = FileSystem.folder(of: path)
            if folders.insert(folder).inserted {
                guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw BackupError.archive(folder) }
            }
            let target = try ArchiveFile(creating: path)
            try archive.copy(entry.byteCount, to: target) { piece in
                done += piece
                meter(done)
            }
            try target.flush()
            done += try archive.read(padding(entry.byteCount)).count
        }
        for folder in folders where !FileSystem.flush(directory: folder) { throw BackupError.archive(folder) }
        meter(Int(archive.byteCount))
    }

    private static func padding(_ byteCount: Int64) -> Int {
        let over = Int(byteCount % Int64(TarHeader.blockByteCount))
        return over == 0 ? 0 : TarHeader.blockByteCount - over
    }

    /// Only what a backup writes: an archive from elsewhere cannot place files outside the folder.
    static func isExpected(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") && !$0.utf8.contains(0) }) else { return false }
        return name == "motcua.sqlite" || parts.count == 2 && parts[0] == "secrets"
            || parts.count == 3 && parts[0] == "attachments"
    }
}
