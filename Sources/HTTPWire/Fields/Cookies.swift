/// The Cookie field (RFC 6265 §4.2, read as §5.4 writes it): pairs in order, doubles kept.
public enum Cookies {
    /// The values of the cookie `name`; usually none or one. Quotes around a value are kept.
    public static func values(of name: String, in fields: HeaderFields) -> [String] {
        fields.values(of: .cookie).flatMap { line in
            line.split(separator: ";").compactMap { pair -> String? in
                let pair = pair.drop { $0 == " " }
                guard let equals = pair.firstIndex(of: "="), pair[..<equals] == name else { return nil }
                return String(pair[pair.index(after: equals)...])
            }
        }
    }
}
