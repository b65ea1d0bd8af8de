import Testing

@testable import HTTPWire

@Suite struct PreparedResponseTests {
    private static let date = Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8)

    private static func page() -> Response {
        var fields = HeaderFields()
        fields.append(.etag, "\"1\"")
        return Response(.ok, fields: fields, body: .bytes(Array("abc".utf8)))
    }

    @Test func isSentAsTheAnswerItWasMadeFrom() {
        let prepared = PreparedResponse(Self.page())
        for version in [RequestHead.Version.http10, .http11] {
            for (keepAlive, isHead) in [(true, false), (true, true), (false, false), (false, true)] {
                var sent: [UInt8] = Array("before".utf8)
                ResponseEncoder.append(
                    prepared, version: version, keepAlive: keepAlive, hasContent: !isHead, date: Self.date, to: &sent)
                let ending =
                    keepAlive ? version == .http10 ? "Connection: keep-alive\r\n" : "" : "Connection: close\r\n"
                #expect(
                    String(decoding: sent, as: UTF8.self)
                        == "beforeHTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 3\r\n"
                        + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\(ending)\r\n" + (isHead ? "" : "abc"))
            }
        }
    }

    @Test func isNoLongerWhatItWasOnceSomebodyChangesIt() {
        let prepared = PreparedResponse(Self.page())
        #expect(prepared.response.prepared === prepared)
        #expect(Self.page().prepared == nil)
        var withCookie = prepared.response
        withCookie.fields.append(.setCookie, "a=b")
        #expect(withCookie.prepared == nil && withCookie.fields[.etag] == "\"1\"")
        var failed = prepared.response
        failed.status = .internalServerError
        #expect(failed.prepared == nil)
        var emptied = prepared.response
        emptied.body = .empty
        #expect(emptied.prepared == nil)
        #expect(prepared.response.prepared === prepared)
    }
}
