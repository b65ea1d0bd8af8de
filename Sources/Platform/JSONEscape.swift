/// What stands behind a backslash in a string of JSON (RFC 8259 section 7): for every reader of this program, so that none
/// takes what another refuses.
public enum JSONEscape {
    /// Why there is no character.
    public enum Defect: Error, Sendable, Hashable {
        /// No escape that the standard knows.
        case malformed
        /// Half of a surrogate pair.
        case half
    }

    /// The character whose escape goes on at `position`, behind the backslash; `position` is then behind it, or where it
    /// went wrong. Throws `Defect`.
    public static func scalar(
        _ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int
    ) throws(Defect) -> Unicode.Scalar {
        guard position < bytes.count else { throw .malformed }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw .malformed
        }
        let first = try fourDigits(bytes, &position)
        if let scalar = Unicode.Scalar(first) { return scalar }
        // The two halves of a character beyond the first plane follow each other.
        guard (0xD800...0xDBFF).contains(first) else { throw .half }
        for expected in [UInt8(ascii: "\\"), UInt8(ascii: "u")] {
            guard position < bytes.count, bytes[position] == expected else { throw .malformed }
            position += 1
        }
        let second = try fourDigits(bytes, &position)
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw .half }
        return scalar
    }

    private static func fourDigits(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) throws(Defect) -> UInt32
    {
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = digit(bytes[position]) else { throw .malformed }
            number = number << 4 | UInt32(digit)
            position += 1
        }
        return number
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
