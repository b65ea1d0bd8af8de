/// One range of bytes of a representation, both ends included (RFC 9110 §14.1.2).
public struct ByteRange: Sendable, Hashable {
    /// Offset of the first byte.
    public let first: Int64
    /// Offset of the last byte, not before the first.
    public let last: Int64

    /// Names a range.
    public init(first: Int64, last: Int64) {
        self.first = first
        self.last = last
    }

    /// Bytes in it.
    public var count: Int64 { last - first + 1 }

    /// What follows from a Range field.
    public enum Outcome: Sendable, Hashable {
        /// No range, or one that may be ignored: send everything.
        case whole
        /// Send these with 206: at least one, in the order asked for, none touching another.
        case parts([ByteRange])
        /// 416 with `Content-Range: bytes */size`.
        case unsatisfiable
    }

    /// More ranges than any reader of documents asks for are ignored (RFC 9110 §14.2, §17.15).
    static let most = 16
    /// A gap up to this many bytes costs less to send than the head of another part (RFC 9110 §15.3.7.2).
    static let smallestGap: Int64 = 128

    /// Reads `bytes=first-last`, `bytes=first-` and `bytes=-suffix`, also several, against a representation of `size`
    /// bytes. Ranges that overlap or nearly touch become one; when together they ask for more than there is, they are
    /// ignored, as a malformed field and one of another unit are.
    public static func evaluate(_ value: String?, size: Int64) -> Outcome {
        guard let value, value.utf8.count > 6, value.prefix(6).lowercased() == "bytes=" else { return .whole }
        let texts = ListField.elements(String(value.dropFirst(6)))
        guard !texts.isEmpty, texts.count <= most else { return .whole }
        var ranges: [ByteRange] = []
        for text in texts {
            switch read(text, size: size) {
            case .range(let range): ranges.append(range)
            case .beyond: continue
            case .everything, .malformed: return .whole
            }
        }
        guard !ranges.isEmpty else { return .unsatisfiable }
        var total: Int64 = 0
        for range in ranges { total += range.count }
        guard total <= size else { return .whole }
        return .parts(joined(ranges))
    }

    private enum Element {
        case range(ByteRange)
        /// Nothing of it lies in the representation.
        case beyond
        /// The end of an empty representation: satisfiable by the standard, but no Content-Range can say so.
        case everything
        case malformed
    }

    private static func read(_ text: String, size: Int64) -> Element {
        guard let dash = text.firstIndex(of: "-") else { return .malformed }
        let first = text[..<dash]
        let last = text[text.index(after: dash)...]
        if first.isEmpty {
            guard let suffix = number(last) else { return .malformed }
            guard suffix > 0 else { return .beyond }
            return size == 0 ? .everything : .range(ByteRange(first: max(0, size - suffix), last: size - 1))
        }
        guard let start = number(first) else { return .malformed }
        if last.isEmpty { return start < size ? .range(ByteRange(first: start, last: size - 1)) : .beyond }
        guard let end = number(last), end >= start else { return .malformed }
        return start < size ? .range(ByteRange(first: start, last: min(end, size - 1))) : .beyond
    }

    /// Digits only, capped well below overflow: a longer number lies beyond every file.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy(Octet.isDigit) else { return nil }
        return min(Int64(text) ?? .max, .max / 64)
    }

    /// Each range in the place of the first one that it was joined with.
    private static func joined(_ ranges: [ByteRange]) -> [ByteRange] {
        var joined: [ByteRange] = []
        for range in ranges {
            var range = range
            var place = joined.count
            // What has grown may reach others that stood apart: until nothing touches.
            while let index = joined.firstIndex(where: { touches($0, range) }) {
                let other = joined.remove(at: index)
                range = ByteRange(first: min(range.first, other.first), last: max(range.last, other.last))
                place = min(place, index)
            }
            joined.insert(range, at: min(place, joined.count))
        }
        return joined
    }

    private static func touches(_ one: ByteRange, _ other: ByteRange) -> Bool {
        one.first <= other.last + smallestGap && other.first <= one.last + smallestGap
    }
}
