/// Which content codings a client takes (RFC 9110 §12.5.3).
public enum AcceptEncoding {
    /// The first of `offered` (in the server's order) with the highest weight above zero that the client accepts;
    /// nil means the identity. A coding not named takes the weight of "*", or none.
    public static func choose(from offered: [String], for fields: HeaderFields) -> String? {
        guard let value = fields[.acceptEncoding] else { return nil }
        var weights: [String: Int] = [:]
        for element in ListField.tokens(value) {
            let parts = element.split(separator: ";", maxSplits: 1).map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let coding = parts.first, let weight = weight(parts.dropFirst().first) else { continue }
            weights[coding == "x-gzip" ? "gzip" : coding] = weight
        }
        let identity = weights["identity"] ?? 1
        var best: (coding: String, weight: Int)?
        for coding in offered {
            let weight = weights[coding] ?? weights["*"] ?? 0
            if weight > 0, weight > best?.weight ?? 0 { best = (coding, weight) }
        }
        guard let best, best.weight >= identity || weights["identity"] == nil else { return nil }
        return best.coding
    }

    /// Thousandths; nil when malformed (RFC 9110 §12.4.2: at most three decimals).
    static func weight(_ parameter: String?) -> Int? {
        guard let parameter else { return 1000 }
        guard parameter.hasPrefix("q=") else { return nil }
        let number = Array(parameter.dropFirst(2).utf8)
        guard let first = number.first, first == UInt8(ascii: "0") || first == UInt8(ascii: "1"), number.count <= 5
        else {
            return nil
        }
        guard number.count == 1 || number[1] == UInt8(ascii: ".") else { return nil }
        var value = Int(first - UInt8(ascii: "0")) * 1000
        var place = 100
        for digit in number.dropFirst(2) {
            guard Octet.isDigit(digit) else { return nil }
            value += Int(digit - UInt8(ascii: "0")) * place
            place /= 10
        }
        return value <= 1000 ? value : nil
    }
}
