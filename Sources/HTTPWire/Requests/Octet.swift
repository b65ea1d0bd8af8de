import Glibc

/// Bytes with a name.
enum Octet {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let colon = UInt8(ascii: ":")
    static let semicolon = UInt8(ascii: ";")
    static let slash = UInt8(ascii: "/")
    static let questionMark = UInt8(ascii: "?")
    static let comma = UInt8(ascii: ",")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")

    static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    /// SP or HTAB (RFC 9110 §5.6.3).
    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// ASCII letters in lower case, everything else unchanged.
    static func lower(_ byte: UInt8) -> UInt8 {
        (65...90).contains(byte) ? byte | 0x20 : byte
    }
}

/// Eight bytes at a time. Each look marks the high bit of bytes that it finds; the first mark (the lowest) is exact, those
/// above it may be false.
extension Octet {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Bytes less than `bound`, which is at most 128.
    @inline(__always)
    static func below(_ word: UInt64, _ bound: UInt8) -> UInt64 { (word &- ones &* UInt64(bound)) & ~word & highs }

    /// Bytes that are `byte`.
    @inline(__always)
    static func matches(_ word: UInt64, _ byte: UInt8) -> UInt64 { below(word ^ ones &* UInt64(byte), 1) }

    /// Whether eight bytes are `wanted`, letters in upper case allowed; `wanted` holds lower-case letters and dashes. Only
    /// where a letter is wanted, which has bit 6, is bit 5 overlooked: a CR is no dash.
    @inline(__always)
    static func isSame(_ bytes: UnsafeRawPointer, _ wanted: UnsafeRawPointer) -> Bool {
        let wanted = wanted.loadUnaligned(as: UInt64.self)
        let cases = (wanted & (ones &<< 6)) &>> 1
        return bytes.loadUnaligned(as: UInt64.self) | cases == wanted
    }

    /// Control characters, the tab among them.
    @inline(__always)
    static func controls(_ word: UInt64) -> UInt64 { below(word, 0x20) | matches(word, 0x7F) }

    /// Whether eight bytes are letters, digits and dashes, of which nearly all field names consist.
    @inline(__always)
    static func areUsualInNames(_ word: UInt64) -> Bool {
        guard word & highs == 0 else { return false }
        // No byte has its high bit, so that no sum carries into the next.
        let lower = word | ones &<< 5
        let letters = (lower &+ ones &* (0x80 - 0x61)) & ~(lower &+ ones &* (0x80 - 0x7B))
        let digits = (word &+ ones &* (0x80 - 0x30)) & ~(word &+ ones &* (0x80 - 0x3A))
        let dashes = ~((word ^ ones &* UInt64(UInt8(ascii: "-"))) &+ ones &* 0x7F)
        return (letters | digits | dashes) & highs == highs
    }

    /// Bytes outside of ASCII.
    @inline(__always)
    static func beyond(_ word: UInt64) -> UInt64 { word & highs }
}

extension UInt64 {
    /// Which byte holds the lowest bit.
    @inline(__always)
    var firstByte: Int { trailingZeroBitCount &>> 3 }
}

/// Bytes that are read eight at a time.
struct Octets {
    let start: UnsafeRawPointer
    let count: Int

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return nil }
        self.start = start
        count = bytes.count
    }

    /// Zero behind the end.
    @inline(__always)
    subscript(_ offset: Int) -> UInt8 { offset < count ? (start + offset).load(as: UInt8.self) : 0 }

    subscript(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start + range.lowerBound, count: range.count)
    }

    /// Eight bytes from `offset` on, the first in the lowest bits; zeros stand behind the end.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        guard offset &+ 8 <= count else { return lastWord(at: offset) }
        return UInt64(littleEndian: (start + offset).loadUnaligned(as: UInt64.self))
    }

    @inline(never)
    private func lastWord(at offset: Int) -> UInt64 {
        guard count >= 8 else { return shortWord(at: offset) }
        let word = UInt64(littleEndian: (start + (count - 8)).loadUnaligned(as: UInt64.self))
        // Nothing is left of a word that lies beyond the end.
        return word >> UInt64((offset + 8 - count) * 8)
    }

    private func shortWord(at offset: Int) -> UInt64 {
        var word: UInt64 = 0
        var position = count
        while position > offset {
            position -= 1
            word = word << 8 | UInt64(self[position])
        }
        return word
    }
}

extension UnsafeRawBufferPointer {
    func firstOffset(of byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress else { return nil }
        guard let found = memchr(base + start, Int32(byte), count - start) else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Without SP and HTAB at both ends (OWS, RFC 9110 §5.6.3).
    var trimmed: UnsafeRawBufferPointer {
        var first = 0
        var last = count
        while first < last, self[first] == Octet.space || self[first] == Octet.tab { first += 1 }
        while last > first, self[last - 1] == Octet.space || self[last - 1] == Octet.tab { last -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[first..<last])
    }

    func equals(_ text: StaticString) -> Bool {
        guard text.utf8CodeUnitCount == count, let base = baseAddress else { return false }
        return memcmp(base, text.utf8Start, count) == 0
    }

    func equals(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count, let base = baseAddress, let otherBase = other.baseAddress else { return false }
        return memcmp(base, otherBase, count) == 0
    }

    /// Whether these bytes are `name`, which holds lower-case letters and dashes alone, in upper or lower case. Inlined, so
    /// that the words of a literal are constants.
    @inline(__always)
    func isToken(named name: StaticString) -> Bool {
        guard name.utf8CodeUnitCount == count, let base = baseAddress else { return false }
        let wanted = UnsafeRawPointer(name.utf8Start)
        guard name.utf8CodeUnitCount >= 8 else {
            for index in 0..<name.utf8CodeUnitCount where Octet.lower(self[index]) != name.utf8Start[index] {
                return false
            }
            return true
        }
        var position = 0
        while position &+ 8 < name.utf8CodeUnitCount {
            guard Octet.isSame(base + position, wanted + position) else { return false }
            position &+= 8
        }
        // The last word overlaps the one before.
        let last = name.utf8CodeUnitCount &- 8
        return Octet.isSame(base + last, wanted + last)
    }

    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard text.utf8CodeUnitCount == count else { return false }
        for index in 0..<count where Octet.lower(self[index]) != Octet.lower(text.utf8Start[index]) { return false }
        return true
    }

    var text: String { String(decoding: self, as: UTF8.self) }
}
