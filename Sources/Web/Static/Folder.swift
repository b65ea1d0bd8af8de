import Glibc
import HTTPWire
import Platform

/// A folder or file that the program needs at start cannot be read.
public struct FolderError: Error, Sendable, CustomStringConvertible {
    /// Which one.
    public let path: String
    /// Why.
    public let reason: String

    /// For the log.
    public var description: String { "\(path): \(reason)" }
}

/// Reading whole folders at start. Everything here blocks.
enum Folder {
    /// Templates and public files are nested two deep; more is a mistake or a loop.
    private static let depthLimit = 8
    private static let fileLimit = 10_000

    /// Paths of the regular files below `directory`, relative to it, sorted; hidden names are left out.
    static func files(below directory: String) throws(FolderError) -> [String] {
        var found: [String] = []
        try collect(directory, prefix: "", depth: 0, into: &found)
        return found.sorted()
    }

    private static func collect(
        _ directory: String, prefix: String, depth: Int, into found: inout [String]
    ) throws(FolderError) {
        guard depth <= depthLimit else { throw FolderError(path: directory, reason: "nested too deep") }
        guard let stream = opendir(directory) else {
            throw FolderError(path: directory, reason: String(cString: strerror(errno)))
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            let path = directory + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0 else {
                throw FolderError(path: path, reason: String(cString: strerror(errno)))
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                try collect(path, prefix: prefix + name + "/", depth: depth + 1, into: &found)
            case S_IFREG:
                guard found.count < fileLimit else { throw FolderError(path: directory, reason: "too many files") }
                found.append(prefix + name)
            default:
                continue
            }
        }
    }

    /// The whole file, at most `limit` bytes.
    static func read(_ path: String, upTo limit: Int) throws(FolderError) -> [UInt8] {
        try file(path, upTo: limit).bytes
    }

    /// The whole file, at most `limit` bytes, and when it was changed in seconds since 1970.
    static func file(_ path: String, upTo limit: Int) throws(FolderError) -> (bytes: [UInt8], modifiedAt: Int64) {
        guard let file = OpenFile(path: path) else { throw FolderError(path: path, reason: "cannot be opened") }
        guard file.size <= Int64(limit) else { throw FolderError(path: path, reason: "larger than \(limit) bytes") }
        return (try read(file.descriptor, offset: 0, byteCount: Int(file.size), path), file.modifiedAt)
    }

    /// The bytes of an open file's region.
    static func read(_ region: any FileRegion) throws(FolderError) -> [UInt8] {
        try read(region.descriptor, offset: region.offset, byteCount: Int(region.byteCount), "open file")
    }

    private static func read(
        _ descriptor: Int32, offset: Int64, byteCount: Int, _ path: String
    ) throws(FolderError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled,
                    off_t(offset) + off_t(filled))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FolderError(path: path, reason: "cannot be read to its end") }
            filled += count
        }
        return bytes
    }
}
