/// The Cookie field (RFC 6265 §4.2, read as §5.2 reads pairs): pairs in order, doubles kept. It is read as bytes: to
/// Swift's characters a semicolon with a combining mark behind it is no semicolon.
public enum Cookies {
    /// The values of the cookie `name`; usually none or one. Quotes around a value are kept.
    public static func values(of name: String, in fields: HeaderFields) -> [String] {
        fields.values(of: .cookie).flatMap { line in
            line.utf8.split(separator: Octet.semicolon).compactMap { pair -> String? in
                guard let equals = pair.firstIndex(of: UInt8(ascii: "=")),
                    trimmed(pair[..<equals]).utf8.elementsEqual(name.utf8)
                else { return nil }
                return String(trimmed(pair[pair.index(after: equals)...]))
            }
        }
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring {
        let start = text.drop { $0 == Octet.space || $0 == Octet.tab }
        guard let last = start.lastIndex(where: { $0 != Octet.space && $0 != Octet.tab }) else { return "" }
        return Substring(start[...last])
    }
}
