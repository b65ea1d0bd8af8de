import FoundationEssentials
import Glibc
import Platform
import PublicService
import Synchronization

/// Why an upload is not kept.
public enum UploadRefusal: Error, Sendable, Hashable {
    /// Its bytes are none of the types that are taken.
    case unknownType
    /// Its name says another type than its bytes.
    case nameDisagrees
    /// Nothing was in it.
    case empty
    /// More bytes came than are taken.
    case tooLarge(limit: Int64)
}

/// A file that is durable under its digest.
public struct StoredFile: Sendable, Hashable {
    /// SHA-256 of the content.
    public let digest: ContentDigest
    /// Bytes.
    public let byteCount: Int64
    /// By its first bytes: `application/pdf`, `image/jpeg`, `image/png`.
    public let contentType: String
}

/// Papers by the digest of their content: written and flushed, with their folder, before any event names them.
public final class AttachmentStore: Sendable {
    private let folder: String
    private let spool: String
    private let queue: WorkQueue
    private let disk: Disk
    /// Folders whose own names are known to be on the medium; at most 256.
    private let durable = Mutex<Set<String>>([])

    /// Jobs on files that wait or run now.
    var waitingCount: Int { queue.depth }

    /// Works in `data`; its blocking calls run on `queue`. `faults` is for tests.
    public init(_ data: DataFolder, queue: WorkQueue, faults: (any DiskFaults)? = nil) {
        folder = data.attachments
        spool = data.spool
        self.queue = queue
        disk = Disk(faults: faults)
    }

    /// Begins a file of at most `limit` bytes.
    public func begin(limit: Int64 = .max) async throws -> PendingFile {
        let path = spool + "/upload-" + SecureRandom.bytes(12).hex
        return try await queue.run { [disk] in try PendingFile(path: path, limit: limit, disk: disk) }
    }

    /// Adds bytes. Throws `tooLarge` once more than the limit has come.
    public func append(_ bytes: [UInt8], to file: PendingFile) async throws {
        try await queue.run { try file.append(bytes) }
    }

    /// Checks the type and, if the sender told it, the digest; makes the file durable under its digest and forgets the
    /// pending one. Throws `UploadRefusal` or `ResumableUploadDefect.wrongDigest`, and keeps nothing then.
    public func finish(
        _ file: PendingFile, name: String, expected: ContentDigest? = nil
    ) async throws -> StoredFile {
        try await queue.run { [self] in try keep(file, name: name, expected) }
    }

    /// Forgets an unfinished file.
    public func abandon(_ file: PendingFile) async {
        try? await queue.run { file.remove() }
    }

    /// A small file that is already in memory.
    public func store(_ bytes: [UInt8], name: String) async throws -> StoredFile {
        let file = try await begin()
        do {
            try await append(bytes, to: file)
            return try await finish(file, name: name)
        } catch {
            await abandon(file)
            throw error
        }
    }

    /// Why `store` would refuse a small file; nil when it would keep it. Keeps nothing itself.
    public static func refusal(of bytes: [UInt8], name: String) -> UploadRefusal? {
        if bytes.isEmpty { return .empty }
        guard let type = FileType.of(Array(bytes.prefix(16))) else { return .unknownType }
        return FileType.agrees(name: name, type: type) ? nil : .nameDisagrees
    }

    /// Opens a stored file; nil when there is none.
    public func open(_ digest: ContentDigest) async throws -> OpenFile? {
        let path = path(of: digest)
        return try await queue.run { OpenFile(path: path) }
    }

    /// Where a content lies.
    func path(of digest: ContentDigest) -> String { "\(folder)/\(digest.rawValue.prefix(2))/\(digest)" }

    private func keep(_ file: PendingFile, name: String, _ expected: ContentDigest?) throws -> StoredFile {
        defer { file.remove() }
        let (digestBytes, byteCount) = try file.finish()
        let stored = try check(digestBytes, byteCount, file.firstBytes, name: name)
        guard expected == nil || expected == stored.digest else { throw ResumableUploadDefect.wrongDigest }
        // The same content again replaces itself; either name is whole.
        try place(stored) { try disk.rename(file.path, to: $0) }
        return stored
    }

    /// Gives a flushed file, read again from the disk, its name by digest beside the one it has: whoever dies before this
    /// is remembered finds the old name still there. Blocks.
    func keepLinked(_ path: String, name: String) throws -> StoredFile {
        guard let file = OpenFile(path: path) else { throw StoreError.notFound }
        let (digest, firstBytes) = try file.digest()
        let stored = try check(digest, file.size, firstBytes, name: name)
        try place(stored) { try disk.link(path, to: $0) }
        return stored
    }

    private func check(_ hash: [UInt8], _ byteCount: Int64, _ first: [UInt8], name: String) throws -> StoredFile {
        guard byteCount > 0 else { throw UploadRefusal.empty }
        guard let type = FileType.of(first) else { throw UploadRefusal.unknownType }
        guard FileType.agrees(name: name, type: type) else { throw UploadRefusal.nameDisagrees }
        guard let digest = ContentDigest(rawValue: hash.hex) else { throw UploadRefusal.unknownType }
        return StoredFile(digest: digest, byteCount: byteCount, contentType: type)
    }

    private func place(_ file: StoredFile, _ name: (String) throws -> Void) throws {
        let target = path(of: file.digest)
        let directory = FileSystem.folder(of: target)
        try makeDurable(directory)
        try name(target)
        try disk.flush(folder: directory)
    }

    /// That a folder exists says nothing about its name being on the medium: whoever made it may have failed to flush it,
    /// or not have come to it yet. So only a flush that succeeded counts.
    private func makeDurable(_ directory: String) throws {
        if durable.withLock({ $0.contains(directory) }) { return }
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw StoreError.unavailable }
        try disk.flush(folder: folder)
        durable.withLock { _ = $0.insert(directory) }
    }

    /// Removes uploads that nobody finished for a day. Blocks.
    public func sweep() {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: spool) else { return }
        for name in names where name.hasPrefix("upload-") {
            var status = stat()
            guard stat(spool + "/" + name, &status) == 0, time(nil) - status.st_mtim.tv_sec > 86_400 else { continue }
            unlink(spool + "/" + name)
        }
    }
}

/// A file while it comes in.
public final class PendingFile: @unchecked Sendable {
    // Guard: one upload calls in order, each call awaited before the next.
    let path: String
    private var descriptor: Int32
    private var hash: SHA256?
    private var byteCount: Int64 = 0
    private(set) var firstBytes: [UInt8] = []
    private let limit: Int64
    private let disk: Disk

    init(path: String, limit: Int64, disk: Disk) throws {
        self.path = path
        self.limit = limit
        self.disk = disk
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError.unavailable }
        hash = SHA256()
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    func append(_ bytes: [UInt8]) throws {
        guard Int64(bytes.count) <= limit - byteCount else { throw UploadRefusal.tooLarge(limit: limit) }
        try bytes.withUnsafeBytes { try disk.write($0, to: descriptor) }
        hash?.update(bytes)
        byteCount += Int64(bytes.count)
        if firstBytes.count < 16 { firstBytes.append(contentsOf: bytes.prefix(16 - firstBytes.count)) }
    }

    func finish() throws -> (digest: [UInt8], byteCount: Int64) {
        try disk.flush(descriptor)
        guard let hash = hash.take() else { throw StoreError.unavailable }
        Glibc.close(descriptor)
        descriptor = -1
        return (hash.finish(), byteCount)
    }

    func remove() { unlink(path) }
}

extension OpenFile {
    /// The SHA-256 of the content, and its first 16 bytes. Blocks; holds 64 KB.
    fileprivate func digest() throws -> (digest: [UInt8], firstBytes: [UInt8]) {
        var hash = SHA256()
        var firstBytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        var position: Int64 = 0
        while position < size {
            let count = pread(descriptor, &piece, piece.count, off_t(position))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StoreError.unavailable }
            if position == 0 { firstBytes = Array(piece[..<min(16, count)]) }
            hash.update(piece[..<count])
            position += Int64(count)
        }
        return (hash.finish(), firstBytes)
    }
}

/// The types that are taken, by their first bytes.
enum FileType {
    static func of(_ first: [UInt8]) -> String? {
        if first.starts(with: Array("%PDF-".utf8)) { return "application/pdf" }
        if first.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if first.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
        return nil
    }

    static func agrees(name: String, type: String) -> Bool {
        let ending = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
        switch type {
        case "application/pdf": return ending == "pdf"
        case "image/jpeg": return ["jpg", "jpeg"].contains(ending)
        default: return ending == "png"
        }
    }
}
