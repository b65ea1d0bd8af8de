import Glibc

/// The ustar format (POSIX.1-2017, pax, "ustar Interchange Format"): headers of 512 bytes, contents in blocks of 512.
/// Any system's tar opens it in ten years. Sizes of 8 GiB and more stand in base 256, as GNU tar and bsdtar read them.
enum TarHeader {
    static let blockByteCount = 512

    struct Entry: Sendable, Hashable {
        var name: String
        var byteCount: Int64
    }

    /// nil when the name does not fit: at most 100 bytes, which every name in a data folder keeps.
    static func write(_ entry: Entry) -> [UInt8]? {
        guard (1...100).contains(entry.name.utf8.count) else { return nil }
        var block = [UInt8](repeating: 0, count: blockByteCount)
        func put(_ text: String, at start: Int) {
            for (offset, byte) in text.utf8.enumerated() { block[start + offset] = byte }
        }
        put(entry.name, at: 0)
        put("0000600", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        if entry.byteCount < 1 << 33 {
            put(octal(entry.byteCount, digits: 11), at: 124)
        } else {
            block[124] = 0x80
            for index in 0..<8 { block[128 + index] = UInt8(truncatingIfNeeded: entry.byteCount >> (56 - 8 * index)) }
        }
        put("00000000000", at: 136)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(Int64(checksum(block)), digits: 6), at: 148)
        block[155] = UInt8(ascii: " ")
        return block
    }

    /// nil when the block is no header of a plain file.
    static func read(_ block: [UInt8]) -> Entry? {
        guard block.count == blockByteCount, block[156] == UInt8(ascii: "0"),
            Array(block[257..<262]) == Array("ustar".utf8), number(block[148..<156]) == Int64(checksum(block)),
            let end = block[0..<100].firstIndex(of: 0) ?? Optional(100), end > 0,
            let byteCount = size(block)
        else { return nil }
        return Entry(name: String(decoding: block[0..<end], as: UTF8.self), byteCount: byteCount)
    }

    private static func size(_ block: [UInt8]) -> Int64? {
        guard block[124] == 0x80 else { return number(block[124..<136]) }
        guard block[128] < 0x80 else { return nil }
        return block[128..<136].reduce(0) { $0 << 8 | Int64($1) }
    }

    private static func octal(_ number: Int64, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        Int64(String(decoding: field.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }, as: UTF8.self), radix: 8)
    }

    /// The sum of all bytes, with the sum's own field as spaces.
    private static func checksum(_ block: [UInt8]) -> Int {
        block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
    }
}

/// Bytes of one open file, with the calls that may fail in one place.
struct ArchiveFile: ~Copyable {
    private static let pieceByteCount = 1 << 18
    let path: String
    private let descriptor: Int32

    /// Makes a new file that only its owner may read; refuses one that exists.
    init(creating path: String) throws(BackupError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw ArchiveFile.failure(path) }
    }

    init(reading path: String) throws(BackupError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ArchiveFile.failure(path) }
    }

    deinit { close(descriptor) }

    var byteCount: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    func write(_ bytes: [UInt8]) throws(BackupError) {
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ArchiveFile.failure(path) }
            start += count
        }
    }

    /// Exactly `count` bytes; throws when the file ends before.
    func read(_ count: Int) throws(BackupError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes[filled...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw ArchiveFile.failure(path) }
            guard got > 0 else { throw .archive("\(path) ends too early") }
            filled += got
        }
        return bytes
    }

    /// Copies exactly `count` bytes to `target`, in pieces; `moved` is told of each.
    func copy(_ count: Int64, to target: borrowing ArchiveFile, moved: (Int) -> Void) throws(BackupError) {
        var left = count
        while left > 0 {
            let piece = try read(Int(min(left, Int64(ArchiveFile.pieceByteCount))))
            try target.write(piece)
            left -= Int64(piece.count)
            moved(piece.count)
        }
    }

    func flush() throws(BackupError) {
        guard fsync(descriptor) == 0 else { throw ArchiveFile.failure(path) }
    }

    private static func failure(_ path: String) -> BackupError {
        errno == EEXIST ? .exists(path) : .archive("\(path): \(String(cString: strerror(errno)))")
    }
}
