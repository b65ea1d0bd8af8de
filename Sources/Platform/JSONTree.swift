/// A value as it was read.
enum JSONTree {
    case object([(key: String, value: JSONTree)])
    case list([JSONTree])
    case text(String)
    case number(Int64)
    /// Beyond `Int64`.
    case large(UInt64)
    case flag(Bool)
    case null
}

/// From bytes to a value (RFC 8259), at most 64 deep.
struct JSONReader {
    let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func whole() throws -> JSONTree {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw defect() }
        return value
    }

    private func defect() -> DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: "no JSON at byte \(position)"))
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// Whether `byte` comes next, which is then behind.
    private mutating func takes(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func word(_ word: StaticString, _ value: JSONTree) throws -> JSONTree {
        for index in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[index] else { throw defect() }
            position += 1
        }
        return value
    }

    private mutating func value(depth: Int) throws -> JSONTree {
        guard depth <= 64 else { throw defect() }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try list(depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .flag(true))
        case UInt8(ascii: "f"): return try word("false", .flag(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(_ depth: Int) throws -> JSONTree {
        var members: [(key: String, value: JSONTree)] = []
        position += 1
        skipSpace()
        if takes("}") { return .object(members) }
        members.reserveCapacity(8)
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw defect() }
            let key = try string()
            skipSpace()
            guard takes(":") else { throw defect() }
            members.append((key, try value(depth: depth + 1)))
            skipSpace()
            if takes("}") { return .object(members) }
            guard takes(",") else { throw defect() }
        }
    }

    private mutating func list(_ depth: Int) throws -> JSONTree {
        var items: [JSONTree] = []
        position += 1
        skipSpace()
        if takes("]") { return .list(items) }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            if takes("]") { return .list(items) }
            guard takes(",") else { throw defect() }
        }
    }

    private mutating func string() throws -> String {
        position += 1
        let start = position
        skipPlain()
        if next == UInt8(ascii: "\"") {
            position += 1
            return String(decoding: bytes[start..<(position - 1)], as: UTF8.self)
        }
        var kept = Array(bytes[start..<position])
        while !takes("\"") {
            guard takes("\\") else { throw defect() }
            kept.append(contentsOf: UTF8.encode(try escaped()) ?? UTF8.encodedReplacementCharacter)
            let start = position
            skipPlain()
            kept.append(contentsOf: bytes[start..<position])
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private mutating func skipPlain() {
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
    }

    private mutating func escaped() throws -> Unicode.Scalar {
        do {
            return try JSONEscape.scalar(bytes, &position)
        } catch {
            throw defect()
        }
    }

    private mutating func number() throws -> JSONTree {
        let start = position
        _ = takes("-")
        while let byte = next, (48...57).contains(byte) { position += 1 }
        let digits = String(decoding: bytes[start..<position], as: UTF8.self)
        if let number = Int64(digits) { return .number(number) }
        guard let number = UInt64(digits) else { throw defect() }
        return .large(number)
    }
}
