/// A content coding that this program writes (RFC 9110 §8.4.1; br: RFC 7932).
public enum ContentCoding: String, Sendable, Hashable, CaseIterable {
    /// Brotli; first, because it is the smaller one.
    case brotli = "br"
    /// gzip
    case gzip
}

/// Which content codings a client takes (RFC 9110 §12.5.3).
public enum AcceptEncoding {
    /// What the field leads to.
    public enum Choice: Sendable, Hashable {
        /// Send the content as it is.
        case identity
        /// Send it in this coding.
        case coding(ContentCoding)
        /// The client takes nothing of what is there, not even the content as it is.
        case nothing
    }

    /// The first of `offered` (in the server's order) with the highest weight above zero, unless the client named the
    /// identity with a higher one. A coding that is not named takes the weight of "*", or none; the identity that is not
    /// named is taken after every other. Malformed elements are passed over.
    public static func choose(from offered: [ContentCoding], for fields: HeaderFields) -> Choice {
        guard let value = fields[.acceptEncoding] else { return .identity }
        let weights = weights(value)
        let identity = weights["identity"] ?? weights["*"]
        var best: (coding: ContentCoding, weight: Int)?
        for coding in offered {
            let weight = weights[coding.rawValue] ?? weights["*"] ?? 0
            if weight > best?.weight ?? 0 { best = (coding, weight) }
        }
        guard let best else { return identity == 0 ? .nothing : .identity }
        return best.weight >= identity ?? 0 ? .coding(best.coding) : .identity
    }

    /// Whether the field may be there: false says that it is not.
    public static func mayBeThere(in head: RequestHead) -> Bool { head.storage.mayHave(KnownField.acceptEncoding.bit) }

    /// Whether the field is one of the two lists that nearly every browser sends: every coding is taken alike. Makes no text.
    public static func isUsual(in head: RequestHead) -> Bool {
        head.storage.says(.acceptEncoding, "gzip, deflate, br", or: "gzip, deflate, br, zstd")
    }

    /// Thousandths by lower-case coding.
    private static func weights(_ value: String) -> [String: Int] {
        var weights: [String: Int] = [:]
        for element in ListField.tokens(value) {
            let parts = element.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false).map(trimmed)
            guard let weight = parts.count == 1 ? 1000 : weight(parts[1]), parts[0].utf8.allSatisfy(isTokenByte) else {
                continue
            }
            // RFC 9110 §8.4.1.3: the old name means the same.
            weights[parts[0] == "x-gzip" ? "gzip" : parts[0]] = weight
        }
        return weights
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = String(text)
        return text.withUTF8 { UnsafeRawBufferPointer($0).trimmed.text }
    }

    /// `q=` with at most three decimals, in thousandths (RFC 9110 §12.4.2); nil when malformed. `text` is in lower case.
    private static func weight(_ text: String) -> Int? {
        let number = Array(text.utf8.dropFirst(2))
        guard text.hasPrefix("q="), (1...5).contains(number.count), number[0] == 0x30 || number[0] == 0x31 else {
            return nil
        }
        guard number.count == 1 || number[1] == UInt8(ascii: ".") else { return nil }
        var value = Int(number[0] - 0x30) * 1000
        var place = 100
        for digit in number.dropFirst(2) {
            guard Octet.isDigit(digit) else { return nil }
            value += Int(digit - 0x30) * place
            place /= 10
        }
        return value <= 1000 ? value : nil
    }
}
