import HTTPWire

/// A media type with parameters (RFC 9110 §8.3.1).
public struct MediaType: Sendable, Hashable {
    /// Lower case, "type/subtype".
    public let name: String
    private let parameters: [String: String]

    /// nil when malformed, or when a parameter comes twice.
    public init?(_ value: String) {
        guard let parts = ParameterList(value) else { return nil }
        let sides = parts.head.split(separator: "/", omittingEmptySubsequences: false)
        guard sides.count == 2, sides.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isTokenByte) }) else { return nil }
        name = parts.head.lowercased()
        parameters = parts.parameters
    }

    /// The value of a parameter, by its lower-case name.
    public func parameter(_ name: String) -> String? { parameters[name] }
}

/// `head; name=value; name="quoted value"` as in Content-Type and Content-Disposition.
struct ParameterList: Sendable, Hashable {
    let head: String
    /// By lower-case name.
    private(set) var parameters: [String: String] = [:]

    /// nil when malformed, or when a parameter comes twice.
    init?(_ value: String) {
        let bytes = Array(value.utf8)
        let headEnd = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
        head = String(decoding: ParameterList.trimmed(bytes[..<headEnd]), as: UTF8.self)
        var position = headEnd
        while position < bytes.count {
            position += 1
            while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
            if position == bytes.count { break }
            guard let equals = bytes[position...].firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let name = bytes[position..<equals]
            guard !name.isEmpty, name.allSatisfy(isTokenByte) else { return nil }
            position = equals + 1
            guard let text = ParameterList.value(bytes, &position) else { return nil }
            let key = String(decoding: name, as: UTF8.self).lowercased()
            guard parameters.updateValue(text, forKey: key) == nil else { return nil }
        }
    }

    /// A token, or a quoted string in which a backslash protects only a quote or a backslash: browsers write the
    /// backslashes of Windows paths bare.
    private static func value(_ bytes: [UInt8], _ position: inout Int) -> String? {
        var value: [UInt8] = []
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            position += 1
            while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
                let next = position + 1 < bytes.count ? bytes[position + 1] : 0
                if bytes[position] == UInt8(ascii: "\\"), next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") {
                    position += 1
                }
                value.append(bytes[position])
                position += 1
            }
            guard position < bytes.count else { return nil }
            position += 1
        } else {
            while position < bytes.count, isTokenByte(bytes[position]) {
                value.append(bytes[position])
                position += 1
            }
            guard !value.isEmpty else { return nil }
        }
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
        guard position == bytes.count || bytes[position] == UInt8(ascii: ";") else { return nil }
        return String(validating: value, as: UTF8.self)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let start = bytes.drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return [] }
        return start[...last]
    }
}
