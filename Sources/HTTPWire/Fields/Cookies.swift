/// The Cookie field (RFC 6265 §4.2, read as §5.2 reads pairs): pairs in order, doubles kept.
public enum Cookies {
    /// The values of the cookie `name`; usually none or one. Quotes around a value are kept.
    public static func values(of name: String, in fields: HeaderFields) -> [String] {
        fields.values(of: .cookie).flatMap { line in
            line.split(separator: ";").compactMap { pair -> String? in
                guard let equals = pair.firstIndex(of: "="), trimmed(pair[..<equals]) == name else { return nil }
                return String(trimmed(pair[pair.index(after: equals)...]))
            }
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " || $0 == "\t" }
        guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return start[...last]
    }
}
