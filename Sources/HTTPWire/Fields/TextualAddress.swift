import Glibc

/// IP addresses in letters, as peers and proxies write them.
public enum TextualAddress {
    /// The four bytes of an IPv4 address (RFC 3986 §3.2.2, dec-octet: no leading zeros) or the sixteen of an IPv6 address
    /// (IPv6address there: no zone); nil for anything else. An IPv4 address in IPv6's form (RFC 4291 §2.5.5.2) is that IPv4
    /// address.
    public static func bytes(of text: some StringProtocol) -> [UInt8]? {
        four(text)
            ?? six(text).map { six in
                let isFour = six[..<10].allSatisfy { $0 == 0 } && six[10] == 0xFF && six[11] == 0xFF
                return isFour ? Array(six[12...]) : six
            }
    }

    /// An address in any of its forms, in the one form that all parts of the program know it by (inet_ntop, RFC 5952 §4);
    /// nil for anything else.
    public static func canonical(_ text: some StringProtocol) -> String? { bytes(of: text).map(written) }

    /// The address in a node that a forwarding field names: with a port perhaps, and then, if it is IPv6, in brackets
    /// (RFC 7239 §6); written canonically. nil for anything else.
    public static func node(_ text: some StringProtocol) -> String? {
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            let address = text[text.index(after: text.startIndex)..<close]
            return isSix(address) ? canonical(address) : nil
        }
        guard let address = text.split(separator: ":", omittingEmptySubsequences: false).first, isFour(address) else {
            return nil
        }
        return canonical(address)
    }

    static func isFour(_ text: some StringProtocol) -> Bool { four(text) != nil }

    static func isSix(_ text: some StringProtocol) -> Bool { six(text) != nil }

    /// inet_ntop's text of four or sixteen bytes.
    static func written(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else {
            return ""
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The address itself, or the /64 network of an IPv6 address; other text stays as it is.
    static func subscriber(of text: String) -> String {
        guard text.utf8.contains(Octet.colon), let bytes = bytes(of: text) else { return text }
        guard bytes.count == 16 else { return written(bytes) }
        let groups = stride(from: 0, to: 8, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        return groups.map { String($0, radix: 16) }.joined(separator: ":") + "::/64"
    }

    private static func four(_ text: some StringProtocol) -> [UInt8]? {
        var address = in_addr()
        guard (7...15).contains(text.utf8.count), !text.utf8.contains(0),
            inet_pton(AF_INET, String(text), &address) == 1
        else { return nil }
        return withUnsafeBytes(of: address) { Array($0) }
    }

    private static func six(_ text: some StringProtocol) -> [UInt8]? {
        var address = in6_addr()
        guard (2...45).contains(text.utf8.count), !text.utf8.contains(0),
            inet_pton(AF_INET6, String(text), &address) == 1
        else { return nil }
        return withUnsafeBytes(of: address) { Array($0) }
    }
}
