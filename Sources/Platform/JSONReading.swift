extension SortedJSON {
    /// Reads what `encode` has written. Throws `DecodingError` for any other value, for text that is no JSON, and for a
    /// number with a fraction, which nothing here keeps.
    public static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        var text = text
        let tree = try text.withUTF8 { bytes throws -> JSONTree in
            var reader = JSONReader(bytes: bytes)
            return try reader.whole()
        }
        return try Value(from: JSONTeller(tree: tree))
    }
}

/// Tells one value to the type that is made of it.
private struct JSONTeller: Decoder, SingleValueDecodingContainer {
    let tree: JSONTree
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func mismatch(_ type: Any.Type) -> DecodingError {
        .typeMismatch(type, .init(codingPath: [], debugDescription: "another kind of value"))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = tree else { throw mismatch([String: Any].self) }
        return KeyedDecodingContainer(JSONMembersTold(members: members))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .list(let items) = tree else { throw mismatch([Any].self) }
        return JSONItemsTold(items: items)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { if case .null = tree { true } else { false } }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard case .flag(let flag) = tree else { throw mismatch(type) }
        return flag
    }

    func decode(_ type: String.Type) throws -> String {
        guard case .text(let text) = tree else { throw mismatch(type) }
        return text
    }

    func decode(_ type: Double.Type) throws -> Double { throw mismatch(type) }
    func decode(_ type: Float.Type) throws -> Float { throw mismatch(type) }
    func decode(_ type: Int.Type) throws -> Int { try number(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try number(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try number(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try number(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try number(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try number(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try number(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try number(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try number(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try number(type) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: self) }

    private func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        let found: Number? =
            switch tree {
            case .number(let number): Number(exactly: number)
            case .large(let number): Number(exactly: number)
            default: nil
            }
        guard let found else { throw mismatch(type) }
        return found
    }
}

private struct JSONMembersTold<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [(key: String, value: JSONTree)]
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { members.compactMap { Key(stringValue: $0.key) } }

    private func find(_ key: Key) -> JSONTree? {
        let name = key.stringValue
        return members.first { $0.key == name }?.value
    }

    private func teller(_ key: Key) throws -> JSONTeller {
        guard let tree = find(key) else {
            throw DecodingError.keyNotFound(key, .init(codingPath: [], debugDescription: "nothing by this name"))
        }
        return JSONTeller(tree: tree)
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try teller(key).decodeNil() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try teller(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try teller(key).decode(type) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try teller(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try teller(key).decode(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try teller(key).decode(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try teller(key).decode(type) }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try Value(from: teller(key))
    }

    func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Inner> { try teller(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try teller(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        JSONTeller(tree: members.first { $0.key == "super" }?.value ?? .null)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { JSONTeller(tree: find(key) ?? .null) }
}

private struct JSONItemsTold: UnkeyedDecodingContainer {
    let items: [JSONTree]
    private(set) var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var count: Int? { items.count }
    var isAtEnd: Bool { currentIndex == items.count }

    init(items: [JSONTree]) { self.items = items }

    private mutating func taken() throws -> JSONTeller {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(Any.self, .init(codingPath: [], debugDescription: "the list has ended"))
        }
        defer { currentIndex += 1 }
        return JSONTeller(tree: items[currentIndex])
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, JSONTeller(tree: items[currentIndex]).decodeNil() else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: taken()) }

    mutating func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) throws -> KeyedDecodingContainer<Inner> {
        try taken().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try taken().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try taken() }
}
