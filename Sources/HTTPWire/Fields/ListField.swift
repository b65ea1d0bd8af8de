/// Comma-separated field values (RFC 9110 §5.6.1).
public enum ListField {
    /// The elements without surrounding white space, empty ones dropped, ASCII letters in lower case (and no others:
    /// Unicode would make a "k" of the Kelvin sign).
    public static func tokens(_ value: String) -> [String] {
        elements(value).map { String(decoding: $0.utf8.map(Octet.lower), as: UTF8.self) }
    }

    /// The elements as sent, empty ones dropped. Separators inside quoted strings do not separate.
    public static func elements(_ value: String, separator: UInt8 = UInt8(ascii: ",")) -> [String] {
        var found: [String] = []
        var current: [UInt8] = []
        var quoted = false
        var escaped = false
        for byte in value.utf8 {
            if byte == separator, !quoted {
                append(&current, to: &found)
                continue
            }
            if escaped {
                escaped = false
            } else if byte == Octet.backslash, quoted {
                escaped = true
            } else if byte == Octet.quote {
                quoted.toggle()
            }
            current.append(byte)
        }
        append(&current, to: &found)
        return found
    }

    private static func append(_ bytes: inout [UInt8], to found: inout [String]) {
        let text = bytes.withUnsafeBytes { $0.trimmed.text }
        if !text.isEmpty { found.append(text) }
        bytes.removeAll(keepingCapacity: true)
    }
}
