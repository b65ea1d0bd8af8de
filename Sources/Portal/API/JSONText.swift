import Platform

/// A JSON value as it was sent (RFC 8259), numbers as their text.
indirect enum JSONValue: Sendable {
    case object([(name: String, value: JSONValue)])
    case array([JSONValue])
    case string(String)
    case number(String)
    case bool(Bool)
    case null
}

/// Where in a body something stands.
struct JSONPath: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        case name(String)
        case index(Int)
    }

    var parts: [Part] = []

    static func of(_ name: String) -> JSONPath { JSONPath(parts: [.name(name)]) }
    subscript(_ name: String) -> JSONPath { JSONPath(parts: parts + [.name(name)]) }
    subscript(_ index: Int) -> JSONPath { JSONPath(parts: parts + [.index(index)]) }

    /// RFC 6901; names longer than 80 characters are cut.
    var pointer: String {
        parts.map { part in
            switch part {
            case .name(let name):
                "/" + name.prefix(80).replacing("~", with: "~0").replacing("/", with: "~1")
            case .index(let index): "/\(index)"
            }
        }.joined()
    }

    /// `attachments[0].name`, for people.
    var field: String {
        var text = ""
        for part in parts {
            switch part {
            case .name(let name): text += (text.isEmpty ? "" : ".") + name.prefix(80)
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }
}

/// Why a text is not taken as JSON, and where: `key` names the sentence.
struct JSONDefect: Error, Sendable {
    let key: String
    let path: JSONPath
    /// Bytes before the place.
    let offset: Int
}

/// Reads JSON strictly: UTF-8 without a mark before it, every name of an object once, at most `depthLimit` deep, whole
/// characters only (no halves of a surrogate pair), nothing after the value. Two readers never see two bodies in one.
struct JSONText {
    private static let depthLimit = 16
    /// A body of brackets alone would otherwise cost a hundred times its size.
    private static let valueLimit = 20_000
    private let bytes: [UInt8]
    private var position = 0
    private var path = JSONPath()
    private var valueCount = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    static func read(_ bytes: [UInt8]) throws(JSONDefect) -> JSONValue {
        var text = JSONText(bytes)
        text.skipSpace()
        let value = try text.value(depth: 0)
        text.skipSpace()
        guard text.position == bytes.count else { throw text.defect() }
        return value
    }

    private func defect(_ key: String = "badJSON") -> JSONDefect {
        JSONDefect(key: key, path: path, offset: position)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ text: StaticString) throws(JSONDefect) {
        for index in 0..<text.utf8CodeUnitCount {
            guard next == text.utf8Start[index] else { throw defect() }
            position += 1
        }
    }

    private mutating func value(depth: Int) throws(JSONDefect) -> JSONValue {
        guard depth <= JSONText.depthLimit else { throw defect("tooDeep") }
        valueCount += 1
        guard valueCount <= JSONText.valueLimit else { throw defect("tooManyValues") }
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try take("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try take("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try take("null")
            return .null
        default: return .number(try number())
        }
    }

    private mutating func object(_ depth: Int) throws(JSONDefect) -> JSONValue {
        var members: [(name: String, value: JSONValue)] = []
        var names: Set<String> = []
        position += 1
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return .object([])
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw defect() }
            let name = try string()
            path.parts.append(.name(name))
            // A few are compared one by one; only many are worth their hashes.
            if members.count == 16 { names = Set(members.map(\.name)) }
            let isNew =
                members.count < 16 ? !members.contains { $0.name == name } : names.insert(name).inserted
            guard isNew else { throw defect("repeatedName") }
            skipSpace()
            try take(":")
            skipSpace()
            members.append((name, try value(depth: depth + 1)))
            path.parts.removeLast()
            skipSpace()
            if next == UInt8(ascii: "}") { break }
            try take(",")
        }
        position += 1
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws(JSONDefect) -> JSONValue {
        var items: [JSONValue] = []
        position += 1
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        while true {
            path.parts.append(.index(items.count))
            skipSpace()
            items.append(try value(depth: depth + 1))
            path.parts.removeLast()
            skipSpace()
            if next == UInt8(ascii: "]") { break }
            try take(",")
        }
        position += 1
        return .array(items)
    }

    private mutating func string() throws(JSONDefect) -> String {
        position += 1
        var kept: [UInt8] = []
        while true {
            let start = position
            while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
                position += 1
            }
            kept.append(contentsOf: bytes[start..<position])
            guard let byte = next, byte >= 0x20 else { throw defect() }
            position += 1
            if byte == UInt8(ascii: "\"") { break }
            kept.append(contentsOf: UTF8.encode(try escaped()) ?? UTF8.encodedReplacementCharacter)
        }
        guard let text = String(validating: kept, as: UTF8.self) else { throw defect("badUTF8") }
        return text
    }

    private mutating func escaped() throws(JSONDefect) -> Unicode.Scalar {
        var place = position
        let found = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(JSONEscape.Defect) in try JSONEscape.scalar(bytes, &place) }
        }
        position = place
        switch found {
        case .success(let scalar): return scalar
        case .failure(.malformed): throw defect()
        case .failure(.half): throw defect("badUTF8")
        }
    }

    private mutating func number() throws(JSONDefect) -> String {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        let zero = next == UInt8(ascii: "0")
        let digits = skipDigits()
        guard digits > 0, !zero || digits == 1 else { throw defect() }
        if next == UInt8(ascii: ".") {
            position += 1
            guard skipDigits() > 0 else { throw defect() }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            guard skipDigits() > 0 else { throw defect() }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = next, (48...57).contains(byte) { position += 1 }
        return position - start
    }
}
