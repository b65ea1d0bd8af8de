import Testing

@testable import HTTPWire

@Suite struct FieldTests {
    static func fields(_ pairs: (FieldName, String)...) -> HeaderFields {
        var fields = HeaderFields()
        for (name, value) in pairs { fields.append(name, value) }
        return fields
    }

    @Test(
        arguments: [
            ("gzip", "gzip"), ("GZIP;q=0.5", "gzip"), ("br, gzip", "br"), ("br;q=0.1, gzip;q=0.2", "gzip"), ("*", "br"),
            ("*;q=0", nil), ("gzip;q=0", nil), ("identity", nil), ("identity;q=1, gzip;q=0.5", nil), ("gzip;q=2", nil),
            ("x-gzip", "gzip"), ("", nil), ("gzip;q=0.0001", nil), ("gzip; q=0.3 , deflate", "gzip"),
        ] as [(String, String?)]) func choosesACoding(_ value: String, _ expected: String?)
    {
        #expect(
            AcceptEncoding.choose(from: ["br", "gzip"], for: FieldTests.fields((.acceptEncoding, value))) == expected)
    }

    @Test(
        arguments: [
            ("bytes=0-0", .part(first: 0, last: 0)), ("bytes=5-", .part(first: 5, last: 9)),
            ("bytes=-3", .part(first: 7, last: 9)), ("bytes=-30", .part(first: 0, last: 9)),
            ("bytes=2-99", .part(first: 2, last: 9)), ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=5-2", .whole), ("bytes=a-b", .whole), ("items=0-1", .whole), ("bytes=0-1,3-4", .whole),
            ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=-", .whole),
        ] as [(String, ByteRange.Outcome)]) func readsARange(_ value: String, _ expected: ByteRange.Outcome)
    {
        #expect(ByteRange.evaluate(value, size: 10) == expected)
    }

    @Test func judgesPreconditionsInOrder() {
        let current = ConditionalRequest.Validators(etag: "\"a\"", modifiedAt: 784_111_777)
        func outcome(_ method: Method, _ pairs: (FieldName, String)...) -> ConditionalRequest.Outcome {
            var fields = HeaderFields()
            for (name, value) in pairs { fields.append(name, value) }
            return ConditionalRequest.evaluate(RequestHead(method: method, path: "/", fields: fields), current)
        }
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        #expect(outcome(.get, (.ifNoneMatch, "\"b\", W/\"a\"")) == .notModified)
        #expect(outcome(.get, (.ifNoneMatch, "*")) == .notModified)
        #expect(outcome(.put, (.ifNoneMatch, "*")) == .failed)
        #expect(outcome(.get, (.ifNoneMatch, "\"b\""), (.ifModifiedSince, date)) == .proceed)
        #expect(outcome(.get, (.ifModifiedSince, date)) == .notModified)
        #expect(outcome(.post, (.ifModifiedSince, date)) == .proceed)
        #expect(outcome(.get, (.ifMatch, "W/\"a\"")) == .failed)
        #expect(outcome(.get, (.ifMatch, "\"a\"")) == .proceed)
        #expect(outcome(.get, (.ifUnmodifiedSince, "Sun, 06 Nov 1994 08:49:36 GMT")) == .failed)
    }

    @Test(
        arguments: [
            ("/", []), ("/a/b", ["a", "b"]), ("/a/", ["a", ""]), ("/%C4%91", ["\u{111}"]), ("/a%20b", ["a b"]),
        ] as [(String, [String])]) func splitsPaths(_ path: String, _ expected: [String]) throws
    {
        #expect(try RequestPath.segments(of: path) == expected)
    }

    @Test(arguments: ["/..", "/a/%2e%2E/b", "/.", "/a%2fb", "/a%5cb", "/a%00", "/%zz", "/%", "/%ff", "//a", "/a%0Ab"])
    func refusesPathsThatCouldLeaveTheirRoot(_ path: String) {
        #expect(throws: RequestPath.Defect.self) { try RequestPath.segments(of: path) }
    }

    @Test func readsPairsInOrder() throws {
        let values = try NamedValues(decoding: Array("a=1&b=x+y%26&a=2&c&=d&&".utf8))
        #expect(values.all("a") == ["1", "2"])
        #expect(values["b"] == "x y&")
        #expect(values["c"] == "")
        #expect(throws: NamedValues.Defect.badEncoding) { try NamedValues(decoding: Array("a=%2".utf8)) }
        #expect(throws: NamedValues.Defect.notUTF8) { try NamedValues(decoding: Array("a=%ff".utf8)) }
        #expect(throws: NamedValues.Defect.tooMany(limit: 2)) {
            try NamedValues(decoding: Array("a&b&c".utf8), limit: 2)
        }
    }

    @Test func findsCookies() {
        let fields = FieldTests.fields((.cookie, "a=1; session=x=y; b="))
        #expect(Cookies.values(of: "session", in: fields) == ["x=y"])
        #expect(Cookies.values(of: "b", in: fields) == [""])
        #expect(Cookies.values(of: "c", in: fields).isEmpty)
    }

    @Test func namesDownloadsSafely() {
        #expect(
            ContentDisposition.value(type: "attachment", fileName: "a\r\n\"b/c.pdf")
                == "attachment; filename=\"abc.pdf\"")
        let name = ContentDisposition.value(type: "inline", fileName: "\u{111}\u{1A1}n.pdf")
        #expect(name == "inline; filename=\"__n.pdf\"; filename*=UTF-8''%C4%91%C6%A1n.pdf")
    }

    @Test func keepsQuotedCommasTogether() {
        #expect(ListField.elements(" \"a,b\" ,, c ") == ["\"a,b\"", "c"])
    }
}
