/// A request's path as decoded segments. Decoding happens once, here, after splitting at "/": an encoded slash can
/// never make another segment, and dot segments are refused instead of resolved, so that no path leaves its root.
public enum RequestPath {
    /// Why a path is not served: 400.
    public enum Defect: Error, Sendable, Hashable {
        /// "%" without two digits.
        case badEncoding
        /// The decoded bytes are not UTF-8.
        case notUTF8
        /// NUL, another control character, a slash or a backslash inside a segment.
        case forbiddenCharacter
        /// "." or "..", encoded or not.
        case dotSegment
        /// An empty segment other than the last.
        case emptySegment
        /// More than 32 segments.
        case tooDeep
    }

    /// The segments of `path` ("/a/b" → ["a", "b"], "/" → [], "/a/" → ["a", ""]). `path` begins with "/".
    public static func segments(of path: String) throws(Defect) -> [String] {
        let parts = path.utf8.dropFirst().split(separator: Octet.slash, omittingEmptySubsequences: false)
        if parts.count == 1, parts[0].isEmpty { return [] }
        guard parts.count <= 32 else { throw .tooDeep }
        var segments: [String] = []
        for (index, part) in parts.enumerated() {
            guard let bytes = PercentEncoding.decode(part) else { throw .badEncoding }
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
            guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == Octet.slash || $0 == Octet.backslash })
            else {
                throw .forbiddenCharacter
            }
            guard text != ".", text != ".." else { throw .dotSegment }
            guard !text.isEmpty || index == parts.count - 1 else { throw .emptySegment }
            segments.append(text)
        }
        return segments
    }
}
