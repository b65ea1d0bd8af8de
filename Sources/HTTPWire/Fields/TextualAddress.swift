/// IP addresses as proxies write them. Whoever needs the address itself parses it; here it is only kept from being
/// anything else.
enum TextualAddress {
    /// Four numbers below 256 (RFC 3986 §3.2.2, dec-octet).
    static func isFour(_ text: some StringProtocol) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && part.allSatisfy(Octet.isDigit)
                    && (part.reduce(0) { $0 * 10 + Int($1 - 48) }) < 256
            }
    }

    /// Hexadecimal digits, colons, and dots for a last part in IPv4's form.
    static func isSix(_ text: some StringProtocol) -> Bool {
        text.utf8.contains(Octet.colon) && (2...45).contains(text.utf8.count)
            && text.utf8.allSatisfy { Octet.hexValue($0) != nil || $0 == Octet.colon || $0 == UInt8(ascii: ".") }
    }
}
