/// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )` (RFC 9112 §7.1.1): ignored, but never a hiding place.
enum ChunkExtension {
    /// Whether what stands behind a chunk's size is a list of extensions.
    static func isWellFormed(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            skipSpace(&rest)
            guard rest.first == Octet.semicolon else { return false }
            rest.removeFirst()
            skipSpace(&rest)
            guard skipToken(&rest) else { return false }
            var value = rest
            skipSpace(&value)
            guard value.first == UInt8(ascii: "=") else { continue }
            value.removeFirst()
            skipSpace(&value)
            guard value.first == Octet.quote ? skipQuoted(&value) : skipToken(&value) else { return false }
            rest = value
        }
        return true
    }

    private static func skipSpace(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { $0 == Octet.space || $0 == Octet.tab }
    }

    private static func skipToken(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let behind = rest.drop(while: isTokenByte)
        defer { rest = behind }
        return behind.count < rest.count
    }

    private static func skipQuoted(_ rest: inout ArraySlice<UInt8>) -> Bool {
        rest.removeFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case Octet.quote: return true
            case Octet.backslash:
                guard let escaped = rest.popFirst(), isText(escaped) else { return false }
            default:
                guard isText(byte) else { return false }
            }
        }
        return false
    }

    private static func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == Octet.tab }
}
