/// What a proxy says of its client before the first byte of HTTP: the PROXY protocol, versions 1 and 2
/// (haproxy.org, proxy-protocol.txt, 2020/03/05).
public struct ProxyHeader: Sendable, Hashable {
    /// The client's address, written canonically; nil when the proxy names none that HTTP could come from: it speaks for
    /// itself, as in health checks (LOCAL), or of a client without such an address (UNKNOWN, UNSPEC, UDP, UNIX).
    public let client: String?
    /// Bytes of the buffer that the header took.
    public let byteCount: Int

    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// The longest line of version 1, CRLF included.
    static let longestLine = 107
    /// The longest header of version 2 that is read: addresses and the small fields that proxies add.
    static let longestBlock = 16 + 2048

    /// The header at the beginning of `bytes`; nil while it is incomplete. A listener that expects one takes nothing
    /// else, or anyone could speak for anyone.
    public static func parse(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> ProxyHeader? {
        guard let first = bytes.first else { return nil }
        if first == signature[0] { return try parseBlock(bytes) }
        let prefix = Array("PROXY ".utf8)
        for (offset, byte) in prefix.enumerated() where offset < bytes.count && bytes[offset] != byte {
            throw refusal("no PROXY header")
        }
        return try parseLine(bytes)
    }

    /// The same for bytes in an array.
    public static func parse(_ bytes: [UInt8]) throws(Refusal) -> ProxyHeader? {
        let outcome: Result<ProxyHeader?, Refusal> = bytes.withUnsafeBytes { buffer in
            do throws(Refusal) { return .success(try parse(buffer)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    private static func refusal(_ reason: String) -> Refusal {
        Refusal(.badRequest, "PROXY protocol", reason)
    }

    // MARK: Version 1

    private static func parseLine(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> ProxyHeader? {
        guard let newline = bytes.firstOffset(of: Octet.lineFeed, from: 0) else {
            guard bytes.count < longestLine else { throw refusal("line too long") }
            return nil
        }
        guard newline < longestLine, newline > 0, bytes[newline - 1] == Octet.carriageReturn else {
            throw refusal("malformed line")
        }
        let line = String(decoding: bytes[..<(newline - 1)], as: UTF8.self)
        let parts = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2 else { throw refusal("malformed line") }
        if parts[1] == "UNKNOWN" { return ProxyHeader(client: nil, byteCount: newline + 1) }
        guard parts.count == 6, parts[1] == "TCP4" || parts[1] == "TCP6", isPort(parts[4]),
            isPort(parts[5]),
            isAddress(parts[2], isFour: parts[1] == "TCP4"), isAddress(parts[3], isFour: parts[1] == "TCP4")
        else { throw refusal("malformed addresses") }
        return ProxyHeader(client: TextualAddress.canonical(parts[2]), byteCount: newline + 1)
    }

    private static func isPort(_ text: String) -> Bool { UInt16(text).map(String.init) == text }

    private static func isAddress(_ text: String, isFour: Bool) -> Bool {
        isFour ? TextualAddress.isFour(text) : TextualAddress.isSix(text)
    }

    // MARK: Version 2

    private static func parseBlock(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> ProxyHeader? {
        for (offset, byte) in signature.enumerated() where offset < bytes.count && bytes[offset] != byte {
            throw refusal("no PROXY header")
        }
        guard bytes.count >= 16 else { return nil }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard bytes[12] >> 4 == 2, 16 + length <= longestBlock else { throw refusal("unknown version or too long") }
        guard bytes.count >= 16 + length else { return nil }
        let end = 16 + length
        switch (bytes[12] & 15, bytes[13]) {
        case (0, _): return ProxyHeader(client: nil, byteCount: end)
        case (1, 0x11): return try block(bytes, addressBytes: 4)
        case (1, 0x21): return try block(bytes, addressBytes: 16)
        // UNSPEC, UDP over IPv4 and IPv6, UNIX streams and datagrams: the connection is served, the address passed over.
        case (1, 0x00), (1, 0x12), (1, 0x22), (1, 0x31), (1, 0x32): return ProxyHeader(client: nil, byteCount: end)
        default: throw refusal("unknown command or family")
        }
    }

    /// With two addresses of so many bytes, and two ports.
    private static func block(_ bytes: UnsafeRawBufferPointer, addressBytes: Int) throws(Refusal) -> ProxyHeader {
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard length >= 2 * addressBytes + 4 else { throw refusal("addresses too short") }
        let client = TextualAddress.canonical(TextualAddress.written(Array(bytes[16..<(16 + addressBytes)])))
        return ProxyHeader(client: client, byteCount: 16 + length)
    }
}
