/// What is bound to a `?` of a statement.
public enum SQLValue: Sendable, Hashable {
    /// No value.
    case null
    /// 64 bits, signed; truth values are 0 and 1.
    case integer(Int64)
    /// UTF-8.
    case text(String)
    /// Bytes.
    case blob([UInt8])

    /// A text or none.
    static func text(_ text: String?) -> SQLValue {
        guard let text else { return .null }
        return .text(text)
    }

    /// A number or none.
    static func integer(_ number: Int64?) -> SQLValue {
        guard let number else { return .null }
        return .integer(number)
    }

    /// A number.
    static func integer(_ number: Int) -> SQLValue { .integer(Int64(number)) }

    /// 0 or 1.
    static func truth(_ value: Bool) -> SQLValue { .integer(Int64(value ? 1 : 0)) }
}
