import Platform
import Testing

@testable import Web

@Suite struct TemplateRenderingTests {
    private func render(_ page: some Page, _ sources: [String: String]) throws -> String {
        String(decoding: try TemplateLibrary(sources).compile([type(of: page)]).render(page), as: UTF8.self)
    }

    @Test func writesSafeMarkupAsItIs() throws {
        #expect(try render(OraclePage(), ["page": "{{qr}}{{#qr}}!{{/qr}}"]) == "<svg/>!")
    }

    @Test func emptyTextIsAFalseSection() throws {
        let source = "{{#empty}}no{{/empty}}{{^empty}}yes{{/empty}}{{#title}}T{{/title}}"
        #expect(try render(OraclePage(), ["page": source]) == "yesT")
    }

    @Test func aTextSectionKnowsItsTextAsDot() throws {
        #expect(try render(OraclePage(), ["page": "{{#name}}({{.}}){{/name}}"]) == "(outer)")
    }

    @Test func missingPartIsNothing() throws {
        let source =
            "[{{refund.amount}}{{#refund}}x{{/refund}}{{^refund}}none{{/refund}}{{^refund.bank}}!{{/refund.bank}}]"
        #expect(try render(OraclePage(), ["page": source]) == "[none!]")
    }

    /// The specification's cases that the oracle leaves out.
    @Test(arguments: [
        (
            "{{<parent}}{{$block}}\n    one\n    two\n{{/block}}{{/parent}}\n",
            "Hi,\n  {{$block}}\n  {{/block}}\n", "Hi,\n  one\n  two\n"
        ),
        (
            "{{<parent}}{{$block}}\none\ntwo\n{{/block}}{{/parent}}\n",
            "Hi,\n{{$block}}\n  default\n{{/block}}\n", "Hi,\n  one\n  two\n"
        ),
        (
            "{{<parent}}{{$block}}\none\ntwo{{/block}}\n{{/parent}}\n", "Hi,\n  {{$block}}{{/block}}\n",
            "Hi,\n  one\n  two\n"
        ),
        ("Hi,\n  {{<parent}}{{/parent}}\n", "one\n{{$block}}{{/block}}two\n", "Hi,\n  one\n  two\n"),
    ])
    func indentsBlocksAsTheSpecificationSays(_ page: String, _ parent: String, _ expected: String) throws {
        #expect(try render(OraclePage(), ["page": page, "parent": parent]) == expected)
    }

    @Test func anOverrideDoesNotReachIntoParentsUsedByAnother() throws {
        let sources = [
            "page":
                "{{<base}}{{$title}}Page{{/title}}{{$main}}{{<card}}{{$title}}Card{{/title}}{{/card}}{{/main}}{{/base}}",
            "base": "{{$title}}{{/title}}: {{$main}}{{/main}}",
            "card": "[{{$title}}{{/title}}]",
        ]
        #expect(try render(OraclePage(), sources) == "Page: [Card]")
    }

    @Test(arguments: [
        "<p id=\"{{title}}\" class='{{title}}'>{{title}}</p>", "a < b {{title}} <3 {{title}} <<p>{{title}}",
        "<!doctype html><title>{{title}}</title><textarea name=\"a\">{{title}}</textarea>",
        "<script src=\"/a.js\" defer></script>{{title}}", "<style>p > a { }</style><!-- -- > --> {{title}}",
        "<option{{#isOpen}} selected{{/isOpen}} value=\"{{title}}\">{{title}}",
        "<a{{#title}} title=\"{{title}}\"{{/title}}>{{title}}</a>", "<p title=\"a>b{{title}}\">{{title}}",
        "<br/>{{title}}<input value = \"{{title}}\" / >{{title}}", "<p on=1 once>{{title}}",
        "{{#rows}}<tr class=\"{{#isLate}}late{{/isLate}}\">{{name}}</tr>{{/rows}}",
    ])
    func valuesMayStandInTextAndQuotedAttributes(_ source: String) throws {
        #expect(try render(OraclePage(), ["page": source]).contains("&lt;"))
    }

    @Test func plainTextsAreNotEscaped() throws {
        struct Mail: Page {
            static let template = "mail.txt"
            static var fields: Fields<Mail> {
                Fields().text("name") { _ in "A & <B>" }.number("n") { _ in 7 }.html("qr") { _ in SafeHTML(trusted: "")
                }
            }
        }
        let sources = ["mail.txt": "< {{name}} {{n}}\n{{>foot.txt}}", "foot.txt": "-- {{name}}"]
        #expect(try render(Mail(), sources) == "< A & <B> 7\n-- A & <B>")
        for bad in ["{{qr}}", "{{>foot}}"] {
            #expect(throws: TemplateError.self) {
                try render(Mail(), ["mail.txt": bad + "{{>x.txt}}", "foot": "", "x.txt": ""])
            }
        }
    }

    @Test func noBytesMakeTheParserTrap() {
        var generator = SplitMix(seed: 20260213)
        let signs = Array("{{}}#^/><$!&= \n\r\ttitlerowspage.'\"ế".utf8) + Array("{{#rows}}{{/rows}}{{<page}}".utf8)
        var parsed = 0
        for _ in 0..<3000 {
            let source = (0..<generator.next(below: 40)).map { _ in signs[generator.next(below: signs.count)] }
            let library = try? TemplateLibrary(["page": String(decoding: source, as: UTF8.self)])
            if let pages = try? library?.compile([OraclePage.self]) {
                parsed += 1
                _ = pages.render(OraclePage())
            }
        }
        #expect(parsed > 100)
    }

    @Test func includedFieldsCountAsThePagesOwn() throws {
        struct Layout: Sendable {
            var heading: String
            var crumbs: [String]
            static var fields: Fields<Layout> {
                Fields().text("heading") { $0.heading }.list("crumbs", .itself) { $0.crumbs }.flag("on") { _ in true }
            }
        }
        struct Home: Page {
            var layout: Layout
            static let template = "home"
            static var fields: Fields<Home> { Fields().include(Layout.fields) { $0.layout }.text("own") { _ in "o" } }
        }
        let home = Home(layout: Layout(heading: "A<", crumbs: ["1", "2"]))
        let source = "{{heading}}{{own}}{{#crumbs}}/{{.}}{{heading}}{{/crumbs}}{{#on}}!{{/on}}{{^on}}?{{/on}}"
        #expect(try render(home, ["home": source]) == "A&lt;o/1A&lt;/2A&lt;!")
    }

    @Test func valuesAreNeverReadAsTemplates() throws {
        struct Typed: Page {
            static let template = "t"
            static var fields: Fields<Typed> { Fields().text("a") { _ in "{{title}}\n{{>t}}" } }
        }
        #expect(try render(Typed(), ["t": "  {{a}}"]) == "  {{title}}\n{{&gt;t}}")
    }

    @Test func escapesRunsOfEveryLength() {
        for count in 0..<40 {
            for special in 0..<max(count, 1) {
                var plain = [Character](repeating: "ế", count: count)
                if count > 0 { plain[special] = "<" }
                var output: [UInt8] = []
                HTMLEscaping.append(String(plain), to: &output)
                let expected = plain.map { $0 == "<" ? "&lt;" : String($0) }.joined()
                #expect(String(decoding: output, as: UTF8.self) == expected)
            }
        }
    }

    @Test func deepSectionsKeepTheirFrames() throws {
        let source = """
            {{#rows}}{{#payment}}{{#bank}}{{#rows}}{{name}}/{{count}}/{{title}};{{/rows}}{{/bank}}{{amount}}{{/payment}}
            {{/rows}}
            """
        let row = "Nguyễn Thị Ánh/1/NH &lt;1&gt;;Trần &lt;b&gt;Đức&lt;/b&gt;/2/NH &lt;1&gt;;5 000 đ\n"
        #expect(try render(OraclePage(), ["page": source]) == row + row)
    }
}

/// Repeatable random numbers (Steele, Lea, Flood 2014).
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next(below limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(limit))
    }
}
