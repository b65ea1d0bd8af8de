import Glibc

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

    /// RFC 3986 §3.2.2, IPv6address: without a zone.
    static func isSix(_ text: some StringProtocol) -> Bool {
        var address = in6_addr()
        return (2...45).contains(text.utf8.count) && !text.utf8.contains(0)
            && inet_pton(AF_INET6, String(text), &address) == 1
    }

    /// The address itself, or the /64 network of an IPv6 address; an IPv4 address in IPv6's form (RFC 4291 §2.5.5.2) is that
    /// IPv4 address.
    static func subscriber(of text: String) -> String {
        guard text.utf8.contains(Octet.colon) else { return text }
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return text }
        return withUnsafeBytes(of: address) { bytes in
            let isFour = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            if isFour { return bytes[12...].map { String($0) }.joined(separator: ".") }
            let groups = stride(from: 0, to: 8, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
            return groups.map { String($0, radix: 16) }.joined(separator: ":") + "::/64"
        }
    }
}
