import Testing

@testable import HTTPWire

/// What proxies say of their clients (Tables/proxy-headers, forwarded).
@Suite struct ProxyHeaderTests {
    struct Row: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: TableBytes
        let client: String?
        let refused: Bool?
        var testDescription: String { name }
    }

    @Test(arguments: Table.rows("proxy-headers", as: Row.self)) func readsOrRefuses(_ row: Row) throws {
        let bytes = row.bytes.bytes
        guard row.refused != true else {
            #expect(throws: Refusal.self) { try ProxyHeader.parse(bytes) }
            return
        }
        let header = try #require(try ProxyHeader.parse(bytes + Array("GET / HTTP/1.1".utf8)))
        #expect(header.client == row.client)
        #expect(header.byteCount == bytes.count)
        for count in 0..<bytes.count {
            #expect(try ProxyHeader.parse(Array(bytes[..<count])) == nil, "complete after \(count) bytes")
        }
    }

    struct Forwarded: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let value: String
        let hops: [[String?]]
        var testDescription: String { name }
    }

    @Test(arguments: Table.rows("forwarded", as: Forwarded.self)) func readsForwardedHops(_ row: Forwarded) {
        #expect(ForwardedField.hops(row.value).map { [$0.client, $0.scheme] } == row.hops)
    }
}
