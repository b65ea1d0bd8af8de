import Glibc

/// Lines one behind the other in storage that is used again for the next batch. Appending goes through a cursor, which
/// looks at nothing but its own place: most of a short answer's own work is its line in the log.
struct LineBatch: ~Copyable, @unchecked Sendable {
    // Guard: the storage belongs to this value alone, which cannot be copied.
    private var storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private(set) var count = 0

    deinit { storage.deallocate() }

    var isEmpty: Bool { count == 0 }
    var capacity: Int { storage.count }

    /// Lets `write` append at most `limit` bytes.
    mutating func append(atMost limit: Int, _ write: (inout LineCursor) -> Void) {
        if storage.count - count < limit { grow(by: limit) }
        guard let base = storage.baseAddress else { return }
        var cursor = LineCursor(from: base + count, to: base + storage.count)
        write(&cursor)
        count += cursor.count
    }

    private mutating func grow(by limit: Int) {
        let fresh = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(storage.count * 2, count + limit, 4096), alignment: 8)
        withBytes { fresh.copyMemory(from: $0) }
        storage.deallocate()
        storage = fresh
    }

    func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
    }

    /// Forgets the lines; keeps the storage for the next batch, unless it is larger than `bytes`.
    mutating func empty(keepingAtMost bytes: Int) {
        count = 0
        guard storage.count > bytes else { return }
        storage.deallocate()
        storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
}

/// Where the next byte of a line goes. Its parts are inlined, so that a literal becomes a few stores.
struct LineCursor {
    /// What one byte of a text may become.
    static let longestEscape = 6

    private let start: UnsafeMutableRawPointer
    private let end: UnsafeMutableRawPointer
    private var place: UnsafeMutableRawPointer

    init(from start: UnsafeMutableRawPointer, to end: UnsafeMutableRawPointer) {
        self.start = start
        self.end = end
        place = start
    }

    var count: Int { place - start }

    /// Traps when the caller promised less room than it uses, instead of writing beyond it.
    @inline(__always)
    private mutating func take(_ count: Int) -> UnsafeMutableRawPointer {
        precondition(end - place >= count, "a line longer than its bound")
        defer { place += count }
        return place
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        take(1).storeBytes(of: byte, as: UInt8.self)
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        memcpy(take(count), text.utf8Start, count)
    }

    mutating func append(decimal number: UInt64) {
        var digits = 1
        var bound: UInt64 = 10
        while digits < 19, number >= bound {
            digits += 1
            bound &*= 10
        }
        if number >= 10_000_000_000_000_000_000 { digits = 20 }
        var last = take(digits) + digits
        var rest = number
        while rest >= 10 {
            let quotient = rest / 100
            let pair = UInt16(truncatingIfNeeded: rest &- quotient &* 100)
            // A tenth of a number below 100.
            let tens = (pair &* 103) &>> 10
            last -= 2
            last.storeBytes(of: (tens | (pair &- tens &* 10) &<< 8 | 0x3030).littleEndian, as: UInt16.self)
            rest = quotient
        }
        guard digits & 1 == 1 else { return }
        (last - 1).storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x30, as: UInt8.self)
    }

    /// Sixteen digits.
    @inline(__always)
    mutating func append(hexadecimal number: UInt64) {
        let place = take(16)
        place.storeBytes(of: LineCursor.digits(of: number >> 32), as: UInt64.self)
        place.storeBytes(of: LineCursor.digits(of: number & 0xFFFF_FFFF), toByteOffset: 8, as: UInt64.self)
    }

    /// Eight digits of a number below 2^32, the first in the lowest byte: its nibbles are spread over the bytes, then become
    /// letters where they are above nine.
    private static func digits(of number: UInt64) -> UInt64 {
        var bytes = (number | number << 16) & 0x0000_FFFF_0000_FFFF
        bytes = (bytes | bytes << 8) & 0x00FF_00FF_00FF_00FF
        bytes = ((bytes | bytes << 4) & 0x0F0F_0F0F_0F0F_0F0F).byteSwapped
        let letters = (bytes &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return ((bytes | 0x3030_3030_3030_3030) &+ letters &* 0x27).littleEndian
    }

    /// As the inside of a JSON string (RFC 8259 §7), byte by byte; what is not ASCII becomes an escape.
    mutating func append(escaping bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        let count = bytes.count
        let target = take(count)
        var plain = 0
        while plain < count {
            let byte = (base + plain).load(as: UInt8.self)
            guard LineCursor.isPlain(byte) else { break }
            (target + plain).storeBytes(of: byte, as: UInt8.self)
            plain &+= 1
        }
        guard plain < count else { return }
        place = target + plain
        for byte in bytes[plain...] { append(escaping: byte) }
    }

    private mutating func append(escaping byte: UInt8) {
        guard !LineCursor.isPlain(byte) else { return append(byte) }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            append(UInt8(ascii: "\\"))
            append(byte)
        } else {
            append("\\u00")
            for digit in [byte >> 4, byte & 15] {
                append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }

    /// Printable ASCII but the quote and the backslash.
    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte &- 0x20 < 0x5F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    mutating func append(escaping text: String) {
        var text = text
        text.withUTF8 { append(escaping: UnsafeRawBufferPointer($0)) }
    }
}
