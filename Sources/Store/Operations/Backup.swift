import Foundation
import Glibc
import Platform

/// Why a backup or restore did not happen.
public enum BackupError: Error, Sendable, CustomStringConvertible {
    /// The target exists, or the folder is not empty.
    case exists(String)
    /// The archive program said no.
    case archive(String)
    /// What came back is not whole.
    case damaged([String])

    /// For the operator.
    public var description: String {
        switch self {
        case .exists(let path): "\(path) exists already; nothing was changed"
        case .archive(let reason): "tar: \(reason)"
        case .damaged(let findings): "the restored folder is damaged: " + findings.joined(separator: "; ")
        }
    }
}

extension StoreOperations {
    /// One file with everything, made while the server works: a consistent copy of the database first, then the papers
    /// it names, which never change. A tar archive, so that any system can open it in ten years. Blocks.
    public static func backup(dataPath: String, to file: String, progress: ProgressReport) throws {
        guard !FileManager.default.fileExists(atPath: file) else { throw BackupError.exists(file) }
        let stage = dataPath + "/spool/backup-" + SecureRandom.bytes(8).hex
        try FileManager.default.createDirectory(atPath: stage + "/attachments", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: stage) }
        let connection = try SQLConnection(path: dataPath + "/motcua.sqlite", isReader: true)
        try connection.copy(to: stage + "/motcua.sqlite") { done, all in
            progress(OperationProgress(step: "pages", done: done, total: all))
        }
        try FileManager.default.copyItem(atPath: dataPath + "/secrets", toPath: stage + "/secrets")
        let folders = try FileManager.default.contentsOfDirectory(atPath: dataPath + "/attachments").sorted()
        for (index, name) in folders.enumerated() {
            let (from, to) = (dataPath + "/attachments/" + name, stage + "/attachments/" + name)
            try FileManager.default.createDirectory(atPath: to, withIntermediateDirectories: true)
            for paper in try FileManager.default.contentsOfDirectory(atPath: from) {
                // A hard link costs nothing: contents are never changed in place.
                try FileManager.default.linkItem(atPath: from + "/" + paper, toPath: to + "/" + paper)
            }
            progress(OperationProgress(step: "attachments", done: index + 1, total: folders.count))
        }
        try tar(["-cf", file + ".partial", "-C", stage, "."])
        try makeDurable(file)
        progress(OperationProgress(step: "archive", done: 1, total: 1))
    }

    /// Unpacks a backup into a folder that is empty or absent, and verifies it. Blocks.
    public static func restore(
        from file: String, dataPath: String, progress: ProgressReport
    ) throws -> VerificationReport {
        let present = (try? FileManager.default.contentsOfDirectory(atPath: dataPath)) ?? []
        guard present.isEmpty else { throw BackupError.exists(dataPath) }
        guard FileManager.default.isReadableFile(atPath: file) else { throw BackupError.archive("cannot read \(file)") }
        try FileManager.default.createDirectory(
            atPath: dataPath, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try tar(["-xf", file, "-C", dataPath, "--no-same-owner"])
        progress(OperationProgress(step: "archive", done: 1, total: 1))
        let report = try verify(try DataFolder(dataPath), progress: progress)
        guard report.findings.isEmpty else { throw BackupError.damaged(report.findings) }
        return report
    }

    private static func tar(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/tar")
        process.arguments = arguments
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BackupError.archive(String(decoding: said.prefix(400), as: UTF8.self))
        }
    }

    private static func makeDurable(_ file: String) throws {
        let descriptor = open(file + ".partial", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let folder = (file as NSString).deletingLastPathComponent
        guard descriptor >= 0, fsync(descriptor) == 0, rename(file + ".partial", file) == 0,
            FileSystem.flush(directory: folder.isEmpty ? "." : folder)
        else { throw BackupError.archive(String(cString: strerror(errno))) }
    }
}
