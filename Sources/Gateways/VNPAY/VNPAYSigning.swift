import Platform

/// Signing of VNPAY "pay" 2.1.0: parameters sorted by name, form-encoded, HMAC-SHA512 in lower-case hexadecimal.
public enum VNPAYSigning {
    /// One parameter, decoded.
    public struct Parameter: Sendable, Hashable {
        /// e.g. `vnp_Amount`.
        public let name: String
        /// Its value.
        public let value: String

        /// Names a parameter.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The signed text: empty values are left out, space becomes plus.
    public static func signedText(_ parameters: [Parameter]) -> String {
        parameters.filter { !$0.value.isEmpty }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            .map { encode($0.name) + "=" + encode($0.value) }.joined(separator: "&")
    }

    /// The code over any text.
    public static func code(_ text: String, secret: [UInt8]) -> String {
        MessageAuthentication.sha512(key: secret, Array(text.utf8)).hex
    }

    /// Whether `code` is the one of `text`; hexadecimal case does not matter, time tells nothing.
    public static func isValid(_ code: String, _ text: String, secret: [UInt8]) -> Bool {
        MessageAuthentication.equal(Array(code.lowercased().utf8), Array(self.code(text, secret: secret).utf8))
    }

    /// Form encoding as PHP's urlencode does it: letters, digits, hyphen, full stop and underscore stay.
    static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                encoded.append(byte)
            case UInt8(ascii: " "): encoded.append(UInt8(ascii: "+"))
            default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// A signed query for `parameters`.
    public static func signedQuery(_ parameters: [Parameter], secret: [UInt8]) -> String {
        let text = signedText(parameters)
        return text + "&vnp_SecureHash=" + code(text, secret: secret)
    }

    /// Why a received query is not believed: all are 97.
    public enum Refusal: Error, Sendable, Hashable {
        /// A parameter came twice.
        case repeated(String)
        /// "%" without two digits, or not UTF-8.
        case malformed
        /// No hash, or a wrong one.
        case badSignature
    }

    /// The parameters of a received query whose signature holds. The raw pairs are tried first, because encoders disagree;
    /// then the pairs encoded anew.
    public static func verify(_ query: String, secret: [UInt8]) throws(Refusal) -> [String: String] {
        var values: [String: String] = [:]
        var raw: [(name: String, pair: String)] = []
        for pair in query.split(separator: "&").map(String.init) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let name = decode(parts[0]), let value = decode(parts.count > 1 ? parts[1] : "") else {
                throw .malformed
            }
            guard values.updateValue(value, forKey: name) == nil else { throw .repeated(name) }
            if name.hasPrefix("vnp_"), name != "vnp_SecureHash", name != "vnp_SecureHashType", !value.isEmpty {
                raw.append((name, pair))
            }
        }
        guard let hash = values["vnp_SecureHash"] else { throw .badSignature }
        let rawText = raw.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.map(\.pair).joined(
            separator: "&")
        if isValid(hash, rawText, secret: secret) { return values }
        let again = signedText(raw.map { Parameter($0.name, values[$0.name] ?? "") })
        guard isValid(hash, again, secret: secret) else { throw .badSignature }
        return values
    }

    private static func decode(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(hex), let low = iterator.next().flatMap(hex) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
