/// The header section of a message, in wire order (RFC 9110 §6.3). Values hold no CR, LF or NUL: `append` refuses them,
/// so that no response can be split.
public struct HeaderFields: Sendable {
    /// One field line.
    public struct Field: Sendable, Hashable {
        /// The field's name.
        public let name: FieldName
        /// The value without surrounding white space.
        public let value: String
    }

    /// Every line, in the order received or added.
    public private(set) var fields: [Field] = []

    /// An empty section.
    public init() {}

    /// The value, several lines joined by ", " (RFC 9110 §5.3); nil when the field is absent.
    public subscript(name: FieldName) -> String? {
        var found: String?
        for field in fields where field.name == name {
            found = found.map { $0 + ", " + field.value } ?? field.value
        }
        return found
    }

    /// Each line's value, for fields that may not be joined (`Set-Cookie`).
    public func values(of name: FieldName) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    /// Adds a line. A value with control characters is a programming mistake and traps: handlers clean what people typed.
    public mutating func append(_ name: FieldName, _ value: String) {
        precondition(HeaderFields.isSafe(value), "header value with control characters")
        fields.append(Field(name: name, value: value))
    }

    /// Adds a line taken from another section, whose value was checked when it entered there.
    public mutating func append(checked field: Field) {
        fields.append(field)
    }

    /// Replaces every line of `name` by one.
    public mutating func set(_ name: FieldName, _ value: String) {
        remove(name)
        append(name, value)
    }

    /// Removes every line of `name`.
    public mutating func remove(_ name: FieldName) {
        fields.removeAll { $0.name == name }
    }

    /// Whether `value` may stand in a field line: no control characters but the tab (RFC 9110 §5.5).
    public static func isSafe(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
