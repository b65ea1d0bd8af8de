/// What a JSON text (RFC 8259) may cost before anything is made of it: a short text can name many values, each of which
/// takes far more memory than its two bytes.
public struct JSONLimits: Sendable, Hashable {
    /// Why a text is not read.
    public enum Defect: Error, Sendable, Hashable {
        /// Objects and arrays within each other.
        case tooDeep
        /// Values, names not counted.
        case tooMany
    }

    /// How deep objects and arrays may stand within each other.
    public var depth: Int
    /// How many values there may be.
    public var valueCount: Int

    /// 16 deep, 20 000 values.
    public init(depth: Int = 16, valueCount: Int = 20_000) {
        self.depth = depth
        self.valueCount = valueCount
    }

    /// Walks over the text once, without judging it otherwise: a parser that refuses it does so itself.
    public func check(_ text: [UInt8]) throws(Defect) {
        var (level, count, index) = (0, 1, 0)
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""): index = JSONLimits.endOfString(text, index)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                level += 1
                count += 1
                guard level <= depth else { throw .tooDeep }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): level -= 1
            case UInt8(ascii: ","): count += 1
            default: break
            }
            guard count <= valueCount else { throw .tooMany }
            index += 1
        }
    }

    /// Where the string that begins at `start` ends: its quote, or the end of the text.
    private static func endOfString(_ text: [UInt8], _ start: Int) -> Int {
        text.withUnsafeBufferPointer { bytes in
            var index = start + 1
            while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            return index
        }
    }
}
