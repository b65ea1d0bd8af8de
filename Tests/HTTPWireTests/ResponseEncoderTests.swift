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

    /// Two lengths, or a length beside a coding, would let others read a second message out of one.
    @Test func framingIsTheServersAlone() {
        var response = Response(.ok, body: .bytes(Array("abc".utf8)))
        response.fields.append(FieldName(unchecked: "content-length"), "1")
        response.fields.append(.transferEncoding, "chunked")
        response.fields.append(FieldName(unchecked: "CONNECTION"), "keep-alive")
        response.fields.append(FieldName(unchecked: "X"), "y")
        #expect(
            ResponseEncoderTests.head(response, keepAlive: false)
                == "HTTP/1.1 200 OK\r\nX: y\r\nDate: D\r\nContent-Length: 3\r\nConnection: close\r\n\r\n")
        let prepared = PreparedResponse(response)
        var bytes: [UInt8] = []
        ResponseEncoder.append(
            prepared, version: .http11, keepAlive: true, hasContent: true,
            date: Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8), to: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.components(separatedBy: "ength:").count == 2 && !text.contains("chunked"))
        #expect(!text.contains("CONNECTION"))
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
}
