import Testing

@testable import HTTPWire

/// Single fields: what they mean, by table.
@Suite struct FieldTests {
    static func fields(_ pairs: [(FieldName, String)]) -> HeaderFields {
        var fields = HeaderFields()
        for (name, value) in pairs { fields.append(name, value) }
        return fields
    }

    // MARK: Accept-Encoding

    struct Accepting: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let value: String?
        let offered: [String]?
        let expected: String
        var testDescription: String { name }
    }

    @Test func completesOnlyWhatIsMissing() {
        var usual = HeaderFields()
        usual.append(FieldName(unchecked: "X-Content-Type-Options"), "nosniff")
        usual.append(.cacheControl, "no-store")
        var fields = HeaderFields()
        fields.append(FieldName(unchecked: "cache-control"), "public")
        fields.complete(with: usual.fields)
        #expect(fields.fields.map(\.value) == ["public", "nosniff"])
        fields.complete(with: [])
        #expect(fields.fields.count == 2)
    }

    @Test(arguments: Table.rows("accept-encoding", as: Accepting.self)) func choosesACoding(_ row: Accepting) {
        let fields = FieldTests.fields(row.value.map { [(.acceptEncoding, $0)] } ?? [])
        let offered = (row.offered ?? ["br", "gzip"]).compactMap(ContentCoding.init(rawValue:))
        let expected: AcceptEncoding.Choice =
            switch row.expected {
            case "identity": .identity
            case "nothing": .nothing
            default: ContentCoding(rawValue: row.expected).map { .coding($0) } ?? .nothing
            }
        #expect(AcceptEncoding.choose(from: offered, for: fields) == expected)
    }

    // MARK: Cookie

    struct CookieRow: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let lines: [String]
        let cookie: String
        let values: [String]
        var testDescription: String { name }
    }

    @Test(arguments: Table.rows("cookies", as: CookieRow.self)) func findsCookies(_ row: CookieRow) {
        let fields = FieldTests.fields(row.lines.map { (.cookie, $0) })
        #expect(Cookies.values(of: row.cookie, in: fields) == row.values)
    }

    // MARK: Dates

    struct DateRow: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let seconds: Int64?
        var testDescription: String { name }
    }

    @Test(arguments: Table.rows("dates", as: DateRow.self)) func readsDates(_ row: DateRow) {
        // In June 2026.
        #expect(HTTPDate.parse(row.text, now: 1_780_272_000) == row.seconds)
        if let seconds = row.seconds, seconds >= 0 {
            #expect(HTTPDate.parse(HTTPDate.format(seconds: seconds)) == seconds)
        }
    }

    @Test func writesTheDateOfTheStandard() {
        #expect(HTTPDate.format(seconds: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    // MARK: Others

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

    /// What cannot stand in a field cannot split a response (RFC 9110 §5.5).
    @Test func noValueSplitsAResponse() {
        for byte in (UInt8(0)..<32).filter({ $0 != 9 }) + [127] {
            let text = "a" + String(Character(UnicodeScalar(byte))) + "b"
            #expect(!HeaderFields.isSafe(text), "byte \(byte)")
            #expect(FieldName(text) == nil, "byte \(byte)")
        }
        for text in ["a\tb", "", "\u{111}", "a b"] { #expect(HeaderFields.isSafe(text)) }
        for text in ["", "a b", "a:", "\u{111}", "a\t"] { #expect(FieldName(text) == nil) }
    }

    // MARK: Without texts

    private static func head(_ lines: String) throws -> RequestHead {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".utf8)
        return try #require(try RequestParserTests.parse(bytes).get()).head
    }

    /// The lists known by heart are taken as any list says that they are to be taken.
    @Test(arguments: ["gzip, deflate, br", "gzip, deflate, br, zstd"]) func usualListsAreLikeOthers(_ list: String)
        throws
    {
        let head = try Self.head("accept-encoding: \(list)\r\n")
        #expect(AcceptEncoding.mayBeThere(in: head) && AcceptEncoding.isUsual(in: head))
        for offered in [[.brotli, .gzip], [.gzip], []] as [[ContentCoding]] {
            let wanted = offered.first.map { AcceptEncoding.Choice.coding($0) } ?? .identity
            #expect(AcceptEncoding.choose(from: offered, for: head.fields) == wanted)
        }
    }

    @Test func onlyUsualListsInOneLineAreUsual() throws {
        #expect(!AcceptEncoding.mayBeThere(in: try Self.head("")))
        for line in ["gzip, deflate", "gzip, deflate, br;q=0", "gzip, deflate, bR", "", "gzip, deflate, br, zstdx"] {
            let head = try Self.head("Accept-Encoding: \(line)\r\n")
            #expect(AcceptEncoding.mayBeThere(in: head) && !AcceptEncoding.isUsual(in: head), "\(line)")
        }
        let twice = "Accept-Encoding: gzip, deflate, br\r\n"
        #expect(!AcceptEncoding.isUsual(in: try Self.head(twice + twice)))
    }

    @Test func ownSiteIsWhatTheBrowserCallsIt() throws {
        for (value, isOwn) in [
            ("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false), ("None", false),
        ] {
            #expect(try Self.head("Sec-Fetch-Site: \(value)\r\n").saysOwnSite == isOwn, "\(value)")
        }
        #expect(try !Self.head("").saysOwnSite)
        #expect(try !Self.head("Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n").saysOwnSite)
    }
}
