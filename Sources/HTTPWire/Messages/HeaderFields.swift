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

    private enum Storage {
        /// Made by the program.
        case made([Field])
        /// Of a head that came over the wire; texts are made on demand.
        case received(HeadStorage)
    }
    private var storage: Storage

    /// An empty section.
    public init() { storage = .made([]) }

    init(received head: HeadStorage) { storage = .received(head) }

    /// Every line, in the order received or added.
    public var fields: [Field] {
        switch storage {
        case .made(let fields): fields
        case .received(let head):
            head.lines.map { Field(name: FieldName(unchecked: head.text($0.name)), value: head.text($0.value)) }
        }
    }

    /// Whether there is a line of that name; costs less than asking for its value.
    public func contains(_ name: FieldName) -> Bool {
        switch storage {
        case .made(let fields): fields.contains { $0.name == name }
        case .received(let head):
            name.known != .other ? head.has(name.known) : head.lines.contains { head.isNamed($0, name) }
        }
    }

    /// The value, several lines joined by ", " (RFC 9110 §5.3); nil when the field is absent.
    public subscript(name: FieldName) -> String? {
        var found: String?
        forEachValue(of: name) { value in found = found.map { $0 + ", " + value } ?? value }
        return found
    }

    /// Each line's value, for fields that may not be joined (`Set-Cookie`).
    public func values(of name: FieldName) -> [String] {
        var values: [String] = []
        forEachValue(of: name) { values.append($0) }
        return values
    }

    private func forEachValue(of name: FieldName, _ body: (String) -> Void) {
        switch storage {
        case .made(let fields):
            for field in fields where field.name == name { body(field.value) }
        case .received(let head):
            guard name.known == .other || head.has(name.known) else { return }
            for line in head.lines where head.isNamed(line, name) { body(head.text(line.value)) }
        }
    }

    /// Adds a line. A value with control characters is a programming mistake and traps: handlers clean what people typed.
    public mutating func append(_ name: FieldName, _ value: String) {
        precondition(HeaderFields.isSafe(value), "header value with control characters")
        change { $0.append(Field(name: name, value: value)) }
    }

    /// Adds those of `others`, whose values were checked when they entered another section, that have no line here yet.
    public mutating func complete(with others: [Field]) {
        change { fields in
            let ownCount = fields.count
            fields.reserveCapacity(ownCount + others.count)
            for other in others where !fields[..<ownCount].contains(where: { $0.name == other.name }) {
                fields.append(other)
            }
        }
    }

    /// Replaces every line of `name` by one.
    public mutating func set(_ name: FieldName, _ value: String) {
        remove(name)
        append(name, value)
    }

    /// Removes every line of `name`.
    public mutating func remove(_ name: FieldName) {
        change { $0.removeAll { $0.name == name } }
    }

    private mutating func change(_ body: (inout [Field]) -> Void) {
        var fields = self.fields
        storage = .made([])
        body(&fields)
        storage = .made(fields)
    }

    /// Whether `value` may stand in a field line: no control characters but the tab (RFC 9110 §5.5).
    public static func isSafe(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
