import Testing

@testable import HTTPWire

@Suite struct ResponseEncoderTests {
    static func head(
        _ response: Response, version: RequestHead.Version = .http11, keepAlive: Bool = true
    ) -> String {
        var buffer: [UInt8] = []
        let framing = ResponseEncoder.framing(of: response, version: version)
        ResponseEncoder.appendHead(
            of: response, framing: framing, version: version, keepAlive: keepAlive, date: Array("D".utf8), to: &buffer)
        return String(decoding: buffer, as: UTF8.self)
    }

    @Test func saysTheLength() {
        #expect(
            ResponseEncoderTests.head(Response(.ok, body: .bytes(Array("abc".utf8))))
                == "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 3\r\n\r\n")
    }

    @Test func sendsNoLengthWithoutContent() {
        #expect(ResponseEncoderTests.head(Response(.notModified)) == "HTTP/1.1 304 Not Modified\r\nDate: D\r\n\r\n")
    }

    @Test func streamsByChunksOrUntilClose() {
        let stream = Response(.ok, body: .stream { _ in })
        #expect(ResponseEncoderTests.head(stream).contains("Transfer-Encoding: chunked"))
        let old = ResponseEncoderTests.head(stream, version: .http10)
        #expect(old.contains("Connection: close"))
        #expect(!old.contains("Transfer-Encoding"))
    }

    @Test func neverSendsAnEmptyChunk() {
        var buffer: [UInt8] = []
        ResponseEncoder.appendChunk([], to: &buffer)
        #expect(buffer.isEmpty)
        ResponseEncoder.appendChunk(Array(repeating: 65, count: 26), to: &buffer)
        #expect(buffer.starts(with: Array("1a\r\n".utf8)))
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_800),
        ] as [(String, Int64)]) func readsEveryDateForm(_ text: String, _ seconds: Int64)
    {
        #expect(HTTPDate.parse(text) == seconds)
        #expect(HTTPDate.parse(HTTPDate.format(seconds: seconds)) == seconds)
    }

    @Test(arguments: [
        "", "x", "Thu, 30 Feb 2024 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
    ])
    func refusesWhatIsNoDate(_ text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }

    @Test func writesTheDateOfTheStandard() {
        #expect(HTTPDate.format(seconds: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
