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

    /// Whether a token is `name`, which holds lower-case letters and dashes alone. No other byte of a token becomes one of
    /// those when bit 5 is set, so that eight bytes can be compared at a time.
    func isToken(named name: StaticString) -> Bool {
        guard name.utf8CodeUnitCount == count, let base = baseAddress else { return false }
        let lower: UInt64 = 0x2020_2020_2020_2020
        let other = UnsafeRawPointer(name.utf8Start)
        guard count >= 8 else {
            for index in 0..<count where self[index] | 0x20 != name.utf8Start[index] { return false }
            return true
        }
        var position = 0
        while true {
            let word = base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            guard word | lower == other.loadUnaligned(fromByteOffset: position, as: UInt64.self) else { return false }
            guard position + 8 < count else { return true }
            // The last word overlaps the one before.
            position = Swift.min(position + 8, count - 8)
        }
    }

    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard text.utf8CodeUnitCount == count else { return false }
        for index in 0..<count where Octet.lower(self[index]) != Octet.lower(text.utf8Start[index]) { return false }
        return true
    }

    var text: String { String(decoding: self, as: UTF8.self) }
}
