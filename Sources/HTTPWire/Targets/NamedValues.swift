/// Names with values, in order, doubles kept: a query, or a body of type application/x-www-form-urlencoded
/// (WHATWG URL §5.1).
public struct NamedValues: Sendable, Hashable {
    /// Every pair in the order sent.
    public let pairs: [Pair]

    /// One name with its value.
    public struct Pair: Sendable, Hashable {
        /// The decoded name.
        public let name: String
        /// The decoded value.
        public let value: String
    }

    /// Why a text is not taken.
    public enum Defect: Error, Sendable, Hashable {
        /// "%" without two digits.
        case badEncoding
        /// The decoded bytes are not UTF-8.
        case notUTF8
        /// More pairs than allowed.
        case tooMany(limit: Int)
    }

    /// Nothing.
    public init() { pairs = [] }

    /// Decodes at most `limit` pairs.
    public init(decoding text: some Collection<UInt8>, limit: Int = 200) throws(Defect) {
        // One kind of bytes from here on, whoever calls: generic code of another module is not made for its types.
        let parts = Array(text).split(separator: UInt8(ascii: "&"))
        var pairs: [Pair] = []
        pairs.reserveCapacity(min(parts.count, limit))
        for part in parts {
            guard pairs.count < limit else { throw .tooMany(limit: limit) }
            let equals = part.firstIndex(of: UInt8(ascii: "="))
            let name = try NamedValues.decode(part[..<(equals ?? part.endIndex)])
            let value = try equals.map { at throws(Defect) in try NamedValues.decode(part[part.index(after: at)...]) }
            pairs.append(Pair(name: name, value: value ?? ""))
        }
        self.pairs = pairs
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) throws(Defect) -> String {
        // Most names and many values say what they are without any code.
        if !bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) {
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
            return text
        }
        guard let decoded = PercentEncoding.decode(bytes, plusIsSpace: true) else { throw .badEncoding }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    /// The first value of `name`.
    public subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// Every value of `name`.
    public func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }
}
