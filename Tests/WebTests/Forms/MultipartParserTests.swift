import Testing

@testable import Web

@Suite struct MultipartParserTests {
    private static let body =
        Array(
            """
            --b\r
            Content-Disposition: form-data; name="note"\r
            \r
            first\r\n--\r\n--c\r\nlast\r
            --b\r
            content-disposition:form-data;name="paper";filename="gi\u{1EA5}y \\"1\\" %22.pdf"\r
            Content-Type: application/pdf\r
            X-Other: ignored\r
            \r
            %PDF\r\r\n\r
            --b\r
            Content-Disposition: form-data; name="empty"\r
            \r
            \r
            --b--\r

            """.utf8) + Array("\r\n".utf8)

    /// Events with neighbouring contents joined, so that all splits look alike.
    private static func read(_ pieces: [[UInt8]], boundary: String = "b") throws -> [MultipartParser.Event] {
        var parser = try #require(MultipartParser(boundary: boundary))
        var events: [MultipartParser.Event] = []
        for piece in pieces {
            for event in try parser.feed(piece) {
                if case .content(let more) = event, case .content(let before) = events.last {
                    events[events.count - 1] = .content(before + more)
                } else {
                    events.append(event)
                }
            }
        }
        try parser.finish()
        return events
    }

    private static func content(_ text: String) -> MultipartParser.Event { .content(Array(text.utf8)) }

    private static let expected: [MultipartParser.Event] = [
        .begin(.init(name: "note", fileName: nil, contentType: nil)),
        content("first\r\n--\r\n--c\r\nlast"), .end,
        .begin(.init(name: "paper", fileName: "giấy \"1\" \".pdf", contentType: "application/pdf")),
        content("%PDF\r\r\n"), .end,
        .begin(.init(name: "empty", fileName: nil, contentType: nil)), .end,
    ]

    @Test func readsPartsAndLooksAlikeBoundaries() throws {
        #expect(try Self.read([Self.body]) == Self.expected)
    }

    @Test func whiteSpaceBehindBoundariesIsPassedOver() throws {
        let text = "--b \t\r\n" + Self.head.dropFirst(4) + "\r\nx\r\n--b-- \t\r\n"
        let expected: [MultipartParser.Event] = [
            .begin(.init(name: "a", fileName: nil, contentType: nil)), Self.content("x"), .end,
        ]
        #expect(try Self.read([Array(text.utf8)]) == expected)
        #expect(try Self.read(text.utf8.map { [$0] }) == expected)
    }

    @Test func everySplitPointGivesTheSame() throws {
        for split in 0...Self.body.count {
            #expect(try Self.read([Array(Self.body[..<split]), Array(Self.body[split...])]) == Self.expected)
        }
    }

    @Test func singleBytesGiveTheSame() throws {
        #expect(try Self.read(Self.body.map { [$0] }) == Self.expected)
    }

    @Test func everyPrefixIsUnfinished() throws {
        // The last boundary is complete without the line end behind it.
        for count in 0..<(Self.body.count - 4) {
            #expect(throws: MultipartParser.Defect.unfinished) { try Self.read([Array(Self.body[..<count])]) }
        }
    }

    @Test func keepsNoMoreThanABoundaryOfContent() throws {
        var parser = try #require(MultipartParser(boundary: "b"))
        _ = try parser.feed(Array("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n".utf8))
        var seen = 0
        for _ in 0..<100 {
            for event in try parser.feed([UInt8](repeating: 13, count: 10_000)) {
                if case .content(let bytes) = event { seen += bytes.count }
            }
        }
        #expect(seen >= 1_000_000 - 5)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let claim: String
        let body: String
        let defect: MultipartParser.Defect
        var testDescription: String { claim }
    }

    private static let head = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n"

    @Test(arguments: [
        Refusal(claim: "text before the first boundary", body: "x--b\r\n", defect: .badDelimiter),
        Refusal(claim: "another boundary", body: "--c\r\n", defect: .badDelimiter),
        Refusal(claim: "boundary with a tail", body: "--bx\r\n", defect: .badDelimiter),
        Refusal(claim: "blanks and a tail", body: "--b  x\r\n", defect: .badDelimiter),
        Refusal(claim: "blanks and an end", body: head + "\r\nx\r\n--b --", defect: .badDelimiter),
        Refusal(
            claim: "endless blanks", body: "--b" + String(repeating: " ", count: 65) + "\r\n", defect: .badDelimiter),
        Refusal(claim: "bare line feed", body: "--b\nContent", defect: .badDelimiter),
        Refusal(claim: "tail within", body: head + "\r\nx\r\n--bzz", defect: .badDelimiter),
        Refusal(claim: "something behind the end", body: head + "\r\nx\r\n--b--\r\nGET / ", defect: .badDelimiter),
        Refusal(claim: "no disposition", body: "--b\r\nContent-Type: a/b\r\n\r\n", defect: .badPartHead),
        Refusal(claim: "two dispositions", body: head + head.dropFirst(4) + "\r\n", defect: .badPartHead),
        Refusal(
            claim: "no name", body: "--b\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\n",
            defect: .badPartHead),
        Refusal(
            claim: "name twice", body: "--b\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n",
            defect: .badPartHead),
        Refusal(
            claim: "extended name in another character set",
            body: "--b\r\nContent-Disposition: form-data; name=a; filename*=UTF-16''x\r\n\r\n", defect: .badPartHead),
        Refusal(
            claim: "extended name without character set",
            body: "--b\r\nContent-Disposition: form-data; name=a; filename*=x\r\n\r\n", defect: .badPartHead),
        Refusal(
            claim: "folded line", body: "--b\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\n",
            defect: .badPartHead),
        Refusal(
            claim: "endless lines", body: head + String(repeating: "a:b\r\n", count: 2000), defect: .badPartHead),
        Refusal(
            claim: "attachment", body: "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n",
            defect: .badPartHead),
        Refusal(claim: "space before colon", body: "--b\r\nContent-Disposition : x\r\n\r\n", defect: .badPartHead),
        Refusal(
            claim: "NUL in the head", body: "--b\r\nContent-Disposition: form-data; name=\"a\0\"\r\n\r\n",
            defect: .badPartHead),
        Refusal(
            claim: "endless head", body: "--b\r\nX: " + String(repeating: "a", count: 9000), defect: .badPartHead),
    ])
    func refuses(_ refusal: Refusal) throws {
        #expect(throws: refusal.defect) { try Self.read([Array(refusal.body.utf8)]) }
        #expect(throws: refusal.defect) { try Self.read(refusal.body.utf8.map { [$0] }) }
    }

    @Test(
        arguments: [
            ("filename*=UTF-8''gi%E1%BA%A5y.pdf", "giấy.pdf"), ("filename*=utf-8'vi'a%20b.pdf", "a b.pdf"),
            ("filename=\"_.pdf\"; filename*=UTF-8''%E1%BA%A5.pdf", "ấ.pdf"),
            ("filename*=UTF-8''%E1%BA%A5.pdf; filename=\"_.pdf\"", "ấ.pdf"),
            ("filename*=iso-8859-1'en'%A3.pdf", "£.pdf"),
            ("filename=\"_.pdf\"; filename*=UTF-16''x", "_.pdf"),
            ("filename*=UTF-8''%ff; filename=\"_.pdf\"", "_.pdf"),
            ("filename*=UTF-8''", ""), ("filename=\"a%22b%0D%0A.pdf\"", "a\"b\r\n.pdf"),
            ("filename=\"100%.pdf\"", "100%.pdf"),
            ("filename*=UTF-8''%ff", nil), ("filename*=UTF-8''%e", nil), ("filename*=UTF-8''a b", nil),
            ("filename*=UTF-8''a'b", nil), ("filename*=UTF-8''a; filename*=UTF-8''b", nil), ("filename*=''a", nil),
        ] as [(String, String?)]) func readsFileNames(_ parameters: String, _ name: String?) throws
    {
        let body = Array("--b\r\nContent-Disposition: form-data; name=\"f\"; \(parameters)\r\n\r\n\r\n--b--".utf8)
        guard let name else {
            #expect(throws: MultipartParser.Defect.badPartHead) { try Self.read([body]) }
            return
        }
        #expect(try Self.read([body]).first == .begin(.init(name: "f", fileName: name, contentType: nil)))
        #expect(try Self.read(body.map { [$0] }).first == .begin(.init(name: "f", fileName: name, contentType: nil)))
    }

    @Test func aLongHeadInSingleBytesIsSearchedOnce() throws {
        var parser = try #require(MultipartParser(boundary: "b"))
        _ = try parser.feed(Array((Self.head + "X: ").utf8))
        for _ in 0..<8000 { _ = try parser.feed([97]) }
        #expect(try parser.feed([13, 10]).isEmpty)
        #expect(try parser.feed([13]).isEmpty)
        #expect(try parser.feed([10]) == [.begin(.init(name: "a", fileName: nil, contentType: nil))])
    }

    @Test func noBytesMakeTheParserTrapAndNoSplitChangesTheAnswer() {
        var generator = SplitMix(seed: 7578)
        let pieces = [
            "--b", "\r\n", "--", "-", "\r", "\n", "x", "Content-Disposition: form-data; name=\"a\"", ";", "\"", "b",
        ]
        for _ in 0..<5000 {
            var body = Self.head + "\r\n"
            for _ in 0..<generator.next(below: 12) { body += pieces[generator.next(below: pieces.count)] }
            let bytes = Array(body.utf8)
            let split = generator.next(below: bytes.count + 1)
            let whole = Result { try Self.read([bytes]) }
            let parts = Result { try Self.read([Array(bytes[..<split]), Array(bytes[split...])]) }
            #expect((try? whole.get()) == (try? parts.get()), "\(body.debugDescription) at \(split)")
        }
    }

    @Test func refusesNamesThatAreNotUTF8() throws {
        let body = Array("--b\r\nContent-Disposition: form-data; name=\"".utf8) + [0xFF] + Array("\"\r\n\r\n".utf8)
        #expect(throws: MultipartParser.Defect.badPartHead) { try Self.read([body]) }
    }

    @Test(arguments: ["", "a b ", "a\"b", "ế", String(repeating: "a", count: 71)])
    func refusesBoundaries(_ boundary: String) {
        #expect(MultipartParser(boundary: boundary) == nil)
    }

    @Test func takesBoundariesOfBrowsers() {
        #expect(MultipartParser(boundary: "----WebKitFormBoundary7MA4YWxkTrZu0gW") != nil)
        #expect(MediaType("multipart/form-data; boundary=\"a b;c\"")?.parameter("boundary") == "a b;c")
        #expect(MediaType("Multipart/Form-Data;BOUNDARY=x")?.name == "multipart/form-data")
        #expect(MediaType("multipart/form-data; boundary=x; boundary=y") == nil)
        #expect(MediaType("multipart") == nil)
    }
}
