import Testing

@testable import HTTPWire

@Suite struct ProxyHeaderTests {
    static let two: [UInt8] =
        ProxyHeader.signature + [0x21, 0x11, 0, 15, 203, 0, 113, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 80, 0xEE, 0, 0]
    static let six: [UInt8] =
        ProxyHeader.signature + [0x21, 0x21, 0, 36] + [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
        + [UInt8](repeating: 0, count: 20)
    static let good: [([UInt8], String?)] = [
        (Array("PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n".utf8), "203.0.113.7"),
        (Array("PROXY TCP6 2001:db8::1 ::1 56324 443\r\n".utf8), "2001:db8::1"),
        (Array("PROXY UNKNOWN\r\n".utf8), nil), (two, "203.0.113.7"), (six, "2001:db8:0:0:0:0:0:1"),
        (ProxyHeader.signature + [0x20, 0x00, 0, 0], nil),
    ]

    @Test(arguments: good) func readsBothVersions(_ bytes: [UInt8], _ client: String?) throws {
        let header = try #require(try ProxyHeader.parse(bytes + Array("GET / HTTP/1.1".utf8)))
        #expect(header.client == client)
        #expect(header.byteCount == bytes.count)
    }

    @Test(arguments: good) func everyPrefixIsIncomplete(_ bytes: [UInt8], _ client: String?) throws {
        for count in 0..<bytes.count { #expect(try ProxyHeader.parse(Array(bytes[..<count])) == nil) }
    }

    @Test(arguments: [
        Array("GET / HTTP/1.1\r\n".utf8), Array("PROXY\r\n".utf8), Array("PROXY TCP4 1.2.3.4\r\n".utf8),
        Array("PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n".utf8), Array("PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\r\n".utf8),
        Array("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n".utf8), Array("PROXY TCP6 1.2.3.4 ::1 1 2\r\n".utf8),
        Array("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 x\r\n".utf8), Array(("PROXY " + String(repeating: "x", count: 120)).utf8),
        ProxyHeader.signature + [0x11, 0x11, 0, 12] + [UInt8](repeating: 0, count: 12),
        ProxyHeader.signature + [0x21, 0x11, 0, 4, 1, 2, 3, 4], ProxyHeader.signature + [0x21, 0x11, 0xFF, 0xFF],
        ProxyHeader.signature + [0x22, 0x11, 0, 0], [0x0D, 0x0A, 0x0D, 0x0B],
    ]) func refusesAnythingElse(_ bytes: [UInt8]) {
        #expect(throws: Refusal.self) { try ProxyHeader.parse(bytes) }
    }

    @Test(
        arguments: [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60", "http"),
            ("For=\"[2001:db8::17]:4711\"", "2001:db8::17", nil),
            ("for=192.0.2.43:80", "192.0.2.43", nil), ("for=unknown", nil, nil),
            ("for=_hidden; proto=HTTPS", nil, "https"), ("", nil, nil),
        ] as [(String, String?, String?)]) func readsForwardedHops(
            _ value: String, _ client: String?, _ scheme: String?
        )
    {
        let hop = ForwardedField.hops(value).last
        #expect(hop?.client == client)
        #expect(hop?.scheme == scheme)
    }
}
