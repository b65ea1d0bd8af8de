import Glibc

/// Lines one behind the other in storage that is used again for the next batch. Most of a short answer's own work is its line
/// in the log: literals become a few stores, texts are looked at eight bytes at a time, numbers are written without loops.
struct LineBatch: ~Copyable, @unchecked Sendable {
    // Guard: the storage belongs to this value alone, which cannot be copied.
    private var start: UnsafeMutableRawPointer
    private var place: UnsafeMutableRawPointer
    private var end: UnsafeMutableRawPointer
    /// The last second written, and its digits: eight and two.
    private var second: UInt64 = 0
    private var secondDigits: (first: UInt64, last: UInt16) = (0, 0)

    /// Without storage.
    init() {
        // Where no byte is ever written, because there is no room.
        start = UnsafeMutableRawPointer(mutating: ("" as StaticString).utf8Start)
        place = start
        end = start
    }

    deinit { if end > start { start.deallocate() } }

    var isEmpty: Bool { place == start }
    var count: Int { place - start }
    var capacity: Int { end - start }

    func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Forgets the lines; keeps the storage for the next batch, unless it is larger than `bytes`.
    mutating func empty(keepingAtMost bytes: Int) {
        if capacity > bytes { self = LineBatch() }
        place = start
    }

    /// Where `count` bytes go that are written next.
    @inline(__always)
    private mutating func take(_ count: Int) -> UnsafeMutableRawPointer {
        makeRoom(count)
        defer { place += count }
        return place
    }

    @inline(__always)
    private mutating func makeRoom(_ count: Int) {
        if end - place < count { grow(by: count) }
    }

    @inline(never)
    private mutating func grow(by room: Int) {
        let byteCount = max(capacity * 4, count + room, 4096)
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 8)
        fresh.copyMemory(from: start, byteCount: count)
        let place = fresh + count
        if end > start { start.deallocate() }
        start = fresh
        self.place = place
        end = fresh + byteCount
    }

    // MARK: Parts of a line

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        take(1).storeBytes(of: byte, as: UInt8.self)
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        memcpy(take(count), text.utf8Start, count)
    }

    @inline(__always)
    mutating func append(decimal number: UInt64) {
        guard number < 10_000 else { return append(longDecimal: number) }
        let digits = Digits.four(number)
        // Bytes that are zero before the first digit that is not; the last digit stands always.
        let leading = (digits | 1 &<< 24).trailingZeroBitCount & ~7
        makeRoom(4)
        place.storeBytes(of: (digits | 0x3030_3030) &>> UInt32(truncatingIfNeeded: leading), as: UInt32.self)
        place += 4 &- leading &>> 3
    }

    @inline(never)
    private mutating func append(longDecimal number: UInt64) {
        let rest = number / 100_000_000
        let digits = Digits.eight(number &- rest &* 100_000_000)
        guard rest == 0 else {
            let first = rest / 10_000
            if first > 0 {
                append(decimal: first)
                take(4).storeBytes(of: Digits.four(rest &- first &* 10_000) | 0x3030_3030, as: UInt32.self)
            } else {
                append(decimal: rest)
            }
            return take(8).storeBytes(of: digits | Digits.zeros, as: UInt64.self)
        }
        let leading = (digits | 1 &<< 56).trailingZeroBitCount & ~7
        makeRoom(8)
        place.storeBytes(of: (digits | Digits.zeros) &>> UInt64(leading), as: UInt64.self)
        place += 8 &- leading &>> 3
    }

    /// A number of milliseconds: its first digits are those of a second that many lines share.
    @inline(__always)
    mutating func append(milliseconds number: UInt64) {
        let second = number / 1000
        // Ten digits: from the year 2001 to 2286.
        guard 1_000_000_000..<10_000_000_000 ~= second else { return append(decimal: number) }
        if second != self.second { keep(second) }
        let rest = Digits.four(number &- second &* 1000) | 0x3030_3030
        makeRoom(16)
        place.storeBytes(of: secondDigits.first, as: UInt64.self)
        place.storeBytes(of: secondDigits.last, toByteOffset: 8, as: UInt16.self)
        place.storeBytes(of: rest &>> 8, toByteOffset: 10, as: UInt32.self)
        place += 13
    }

    @inline(never)
    private mutating func keep(_ second: UInt64) {
        self.second = second
        secondDigits.first = Digits.eight(second / 100) | Digits.zeros
        secondDigits.last = UInt16(truncatingIfNeeded: (Digits.four(second % 100) | 0x3030_3030) &>> 16)
    }

    /// Sixteen digits.
    @inline(__always)
    mutating func append(hexadecimal number: UInt64) {
        let place = take(16)
        place.storeBytes(of: Digits.hexadecimal(number &>> 32), as: UInt64.self)
        place.storeBytes(of: Digits.hexadecimal(number & 0xFFFF_FFFF), toByteOffset: 8, as: UInt64.self)
    }

    /// As the inside of a JSON string (RFC 8259 §7), byte by byte; what is not ASCII becomes an escape.
    mutating func append(escaping bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        let count = bytes.count
        makeRoom(count)
        let isPlain = count >= 8 ? copyPlain(source, count) : copyPlain(short: source, count)
        if isPlain {
            place += count
        } else {
            for byte in bytes { append(escaping: byte) }
        }
    }

    /// Copies at least eight bytes to `place`, unless one of them must be escaped.
    @inline(__always)
    private func copyPlain(_ source: UnsafeRawPointer, _ count: Int) -> Bool {
        var position = 0
        while true {
            let word = (source + position).loadUnaligned(as: UInt64.self)
            guard LineBatch.isPlain(word) else { return false }
            (place + position).storeBytes(of: word, as: UInt64.self)
            guard position &+ 8 < count else { return true }
            // The last word overlaps the one before.
            position = min(position &+ 8, count &- 8)
        }
    }

    /// Copies less than eight bytes to `place`, unless one of them must be escaped: from both ends, which may overlap.
    @inline(__always)
    private func copyPlain(short source: UnsafeRawPointer, _ count: Int) -> Bool {
        if count >= 4 {
            let first = source.loadUnaligned(as: UInt32.self)
            let last = (source + (count &- 4)).loadUnaligned(as: UInt32.self)
            place.storeBytes(of: first, as: UInt32.self)
            (place + (count &- 4)).storeBytes(of: last, as: UInt32.self)
            return LineBatch.isPlain(UInt64(first) | UInt64(last) &<< 32)
        }
        for position in 0..<count {
            let byte = (source + position).load(as: UInt8.self)
            guard LineBatch.isPlain(byte) else { return false }
            (place + position).storeBytes(of: byte, as: UInt8.self)
        }
        return true
    }

    private mutating func append(escaping byte: UInt8) {
        guard !LineBatch.isPlain(byte) else { return append(byte) }
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

    /// The same of eight bytes.
    @inline(__always)
    private static func isPlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ ones &* 0x22
        let backslashes = word ^ ones &* 0x5C
        // Subtracting borrows from the high bit of a byte that is less; adding one carries into that of 0x7F.
        let low = (word &- ones &* 0x20) | (quotes &- ones) | (backslashes &- ones)
        return (low | word | (word &+ ones)) & 0x8080_8080_8080_8080 == 0
    }

    @inline(__always)
    mutating func append(escaping text: String) {
        if text.utf8.withContiguousStorageIfAvailable({ append(escaping: UnsafeRawBufferPointer($0)) }) == nil {
            for byte in text.utf8 { append(escaping: byte) }
        }
    }
}

/// Digits in a word, the first in the lowest byte.
private enum Digits {
    static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// The values of the digits of a number below 100 000 000: it is cut into halves, these into halves, and so once more, each
    /// time in all places at once. Tenths and hundredths are products that are exact for numbers so small.
    @inline(__always)
    static func eight(_ number: UInt64) -> UInt64 {
        let first = number / 10_000
        let fours = first | (number &- first &* 10_000) &<< 32
        let hundreds = (fours &* 10_486) &>> 20 & 0x0000_007F_0000_007F
        let twos = hundreds | (fours &- hundreds &* 100) &<< 16
        let tens = (twos &* 103) &>> 10 & 0x000F_000F_000F_000F
        return tens | (twos &- tens &* 10) &<< 8
    }

    /// The same of a number below 10 000.
    @inline(__always)
    static func four(_ number: UInt64) -> UInt32 {
        let number = UInt32(truncatingIfNeeded: number)
        let hundreds = (number &* 5_243) &>> 19
        let twos = hundreds | (number &- hundreds &* 100) &<< 16
        let tens = (twos &* 103) &>> 10 & 0x000F_000F
        return tens | (twos &- tens &* 10) &<< 8
    }

    /// The digits of a number below 2^32: its nibbles are spread over the bytes, then become letters where they are above nine.
    @inline(__always)
    static func hexadecimal(_ number: UInt64) -> UInt64 {
        var bytes = (number | number &<< 16) & 0x0000_FFFF_0000_FFFF
        bytes = (bytes | bytes &<< 8) & 0x00FF_00FF_00FF_00FF
        bytes = ((bytes | bytes &<< 4) & 0x0F0F_0F0F_0F0F_0F0F).byteSwapped
        let letters = (bytes &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
        return ((bytes | zeros) &+ letters &* 0x27).littleEndian
    }
}
