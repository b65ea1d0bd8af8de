/// One range of bytes of a representation (RFC 9110 §14).
public enum ByteRange {
    /// What follows from a Range field.
    public enum Outcome: Sendable, Hashable {
        /// No range, or one that may be ignored: send everything.
        case whole
        /// Send these bytes with 206; several ranges are a client's wish that may be ignored (§14.2), and are.
        case part(first: Int64, last: Int64)
        /// 416 with `Content-Range: bytes */size`.
        case unsatisfiable
    }

    /// Reads `bytes=first-last`, `bytes=first-` and `bytes=-suffix` against a representation of `size` bytes.
    public static func evaluate(_ value: String?, size: Int64) -> Outcome {
        guard let value, value.lowercased().hasPrefix("bytes=") else { return .whole }
        let ranges = ListField.elements(String(value.dropFirst(6)))
        guard ranges.count == 1, let dash = ranges[0].firstIndex(of: "-") else { return .whole }
        let first = ranges[0][..<dash]
        let last = ranges[0][ranges[0].index(after: dash)...]
        if first.isEmpty {
            guard let suffix = number(last) else { return .whole }
            guard suffix > 0, size > 0 else { return .unsatisfiable }
            return .part(first: max(0, size - suffix), last: size - 1)
        }
        guard let start = number(first) else { return .whole }
        if last.isEmpty { return start < size ? .part(first: start, last: size - 1) : .unsatisfiable }
        guard let end = number(last), end >= start else { return .whole }
        return start < size ? .part(first: start, last: min(end, size - 1)) : .unsatisfiable
    }

    /// Digits only, capped well below overflow: a longer number lies beyond every file.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy(Octet.isDigit) else { return nil }
        return Int64(text) ?? (Int64.max / 4)
    }
}
