/// JSON (RFC 8259) of values: keys in the order of their UTF-8 bytes, no space, no slash escaped, so that the same value
/// always has the same bytes. Byte for byte what Foundation's encoder makes with `sortedKeys` and `withoutEscapingSlashes`
/// (a test holds them together), for a fraction of its time: every submission is written three times.
public enum SortedJSON {
    /// The text of a value of strings, whole numbers, truths, lists and objects. Throws `EncodingError` for a number with
    /// a fraction, which nothing here keeps, and whatever the value's own encoding throws.
    /// A value inside that equals `ready` is not encoded again.
    public static func encode(_ value: some Encodable, ready: (any ReadyJSON)? = nil) throws -> [UInt8] {
        var text = SortedJSONText()
        text.write(try JSONCollector(ready: ready).part(of: value))
        return text.bytes
    }
}

/// A value with its text, to be put into several others.
public protocol ReadyJSON: Sendable {
    /// The text if `value` is this one.
    func text<Other: Encodable>(of value: Other) -> [UInt8]?
}

/// A value encoded ahead, where there is time for it.
public struct EncodedAhead<Value: Encodable & Equatable & Sendable>: ReadyJSON {
    private let value: Value
    private let text: [UInt8]

    /// Encodes it. Throws what `SortedJSON.encode` throws.
    public init(_ value: Value) throws {
        self.value = value
        text = try SortedJSON.encode(value)
    }

    /// The text if `value` is this one.
    public func text<Other: Encodable>(of value: Other) -> [UInt8]? {
        guard Other.self == Value.self, let other = value as? Value, other == self.value else { return nil }
        return text
    }
}

/// A value on its way to text.
private enum JSONPart {
    case text(String)
    case number(String)
    case flag(Bool)
    case null
    case ready([UInt8])
    case object(JSONMembers)
    case list(JSONItems)
    /// What a superclass will say of itself.
    case later(JSONCollector)
}

private final class JSONMembers {
    var all: [(key: String, part: JSONPart)] = []

    init() { all.reserveCapacity(8) }
}

private final class JSONItems {
    var all: [JSONPart] = []
}

/// Takes down what one value says of itself; used again for each value inside.
private final class JSONCollector: Encoder {
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var result: JSONPart?
    private let ready: (any ReadyJSON)?

    init(ready: (any ReadyJSON)?) { self.ready = ready }

    func part(of value: some Encodable) throws -> JSONPart {
        if let text = ready?.text(of: value) { return .ready(text) }
        let outer = result
        result = nil
        defer { result = outer }
        try value.encode(to: self)
        // As Foundation: a value that says nothing is an empty object.
        return result ?? .object(JSONMembers())
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .object(let members) = result { return KeyedEncodingContainer(JSONKeyed(members, self)) }
        let members = JSONMembers()
        result = .object(members)
        return KeyedEncodingContainer(JSONKeyed(members, self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .list(let items) = result { return JSONUnkeyed(items, self) }
        let items = JSONItems()
        result = .list(items)
        return JSONUnkeyed(items, self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { JSONSingle(collector: self) }

    func fraction(_ value: Any) -> EncodingError {
        .invalidValue(value, .init(codingPath: [], debugDescription: "a number with a fraction"))
    }
}

private struct JSONKeyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let members: JSONMembers
    let collector: JSONCollector
    var codingPath: [any CodingKey] { [] }

    init(_ members: JSONMembers, _ collector: JSONCollector) {
        self.members = members
        self.collector = collector
    }

    private func add(_ key: Key, _ part: JSONPart) { members.all.append((key.stringValue, part)) }

    func encodeNil(forKey key: Key) { add(key, .null) }
    func encode(_ value: Bool, forKey key: Key) { add(key, .flag(value)) }
    func encode(_ value: String, forKey key: Key) { add(key, .text(value)) }
    func encode(_ value: Double, forKey key: Key) throws { throw collector.fraction(value) }
    func encode(_ value: Float, forKey key: Key) throws { throw collector.fraction(value) }
    func encode(_ value: Int, forKey key: Key) { add(key, .number(String(value))) }
    func encode(_ value: Int64, forKey key: Key) { add(key, .number(String(value))) }
    func encode(_ value: some Encodable, forKey key: Key) throws { add(key, try collector.part(of: value)) }

    func nestedContainer<Inner: CodingKey>(keyedBy: Inner.Type, forKey key: Key) -> KeyedEncodingContainer<Inner> {
        let inner = JSONMembers()
        add(key, .object(inner))
        return KeyedEncodingContainer(JSONKeyed<Inner>(inner, collector))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        let items = JSONItems()
        add(key, .list(items))
        return JSONUnkeyed(items, collector)
    }

    func superEncoder() -> any Encoder {
        let inner = JSONCollector(ready: nil)
        members.all.append(("super", .later(inner)))
        return inner
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        let inner = JSONCollector(ready: nil)
        add(key, .later(inner))
        return inner
    }
}

private struct JSONUnkeyed: UnkeyedEncodingContainer {
    let items: JSONItems
    let collector: JSONCollector
    var codingPath: [any CodingKey] { [] }
    var count: Int { items.all.count }

    init(_ items: JSONItems, _ collector: JSONCollector) {
        self.items = items
        self.collector = collector
    }

    func encodeNil() { items.all.append(.null) }
    func encode(_ value: Double) throws { throw collector.fraction(value) }
    func encode(_ value: Float) throws { throw collector.fraction(value) }
    func encode(_ value: some Encodable) throws { items.all.append(try collector.part(of: value)) }

    func nestedContainer<Inner: CodingKey>(keyedBy: Inner.Type) -> KeyedEncodingContainer<Inner> {
        let inner = JSONMembers()
        items.all.append(.object(inner))
        return KeyedEncodingContainer(JSONKeyed<Inner>(inner, collector))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let inner = JSONItems()
        items.all.append(.list(inner))
        return JSONUnkeyed(inner, collector)
    }

    func superEncoder() -> any Encoder {
        let inner = JSONCollector(ready: nil)
        items.all.append(.later(inner))
        return inner
    }
}

private struct JSONSingle: SingleValueEncodingContainer {
    let collector: JSONCollector
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { collector.result = .null }
    func encode(_ value: Bool) { collector.result = .flag(value) }
    func encode(_ value: String) { collector.result = .text(value) }
    func encode(_ value: Double) throws { throw collector.fraction(value) }
    func encode(_ value: Float) throws { throw collector.fraction(value) }
    func encode(_ value: Int) { number(value) }
    func encode(_ value: Int8) { number(value) }
    func encode(_ value: Int16) { number(value) }
    func encode(_ value: Int32) { number(value) }
    func encode(_ value: Int64) { number(value) }
    func encode(_ value: UInt) { number(value) }
    func encode(_ value: UInt8) { number(value) }
    func encode(_ value: UInt16) { number(value) }
    func encode(_ value: UInt32) { number(value) }
    func encode(_ value: UInt64) { number(value) }
    func encode(_ value: some Encodable) throws { collector.result = try collector.part(of: value) }

    private func number(_ value: some BinaryInteger) { collector.result = .number(String(value)) }
}

/// The bytes.
private struct SortedJSONText {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(2_048) }

    mutating func write(_ part: JSONPart) {
        switch part {
        case .text(let text): write(text)
        case .number(let digits): bytes.append(contentsOf: digits.utf8)
        case .flag(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .null: bytes.append(contentsOf: "null".utf8)
        case .ready(let text): bytes.append(contentsOf: text)
        case .object(let members): write(members)
        case .list(let items): write(items)
        case .later(let collector): write(collector.result ?? .object(JSONMembers()))
        }
    }

    private mutating func write(_ members: JSONMembers) {
        bytes.append(UInt8(ascii: "{"))
        members.all.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (index, member) in members.all.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(member.key)
            bytes.append(UInt8(ascii: ":"))
            write(member.part)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func write(_ items: JSONItems) {
        bytes.append(UInt8(ascii: "["))
        for (index, item) in items.all.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(item)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var written = 0
            for (index, byte) in utf8.enumerated() {
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                bytes.append(contentsOf: utf8[written..<index])
                escape(byte)
                written = index + 1
            }
            bytes.append(contentsOf: utf8[written...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// RFC 8259 section 7, in the short form where there is one.
    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x00..<0x20:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(contentsOf: CollectionOfOne(byte).hex.utf8)
        default: bytes.append(byte)
        }
    }
}
