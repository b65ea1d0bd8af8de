import Testing

@testable import Web

@Suite struct TemplateRefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let claim: String
        let source: String
        let line: Int
        let message: String
        var testDescription: String { claim }
    }

    static let cases: [Case] = [
        Case(claim: "triple braces", source: "a\n{{{title}}}", line: 2, message: "unescaped"),
        Case(claim: "ampersand", source: "{{&title}}", line: 1, message: "unescaped"),
        Case(claim: "set delimiter", source: "\n\n{{=<% %>=}}", line: 3, message: "delimiters"),
        Case(claim: "misspelt name", source: "{{title}}\n{{titel}}", line: 2, message: "unknown name \"titel\""),
        Case(claim: "unknown section", source: "{{#row}}{{/row}}", line: 1, message: "unknown name \"row\""),
        Case(claim: "unknown inverted", source: "{{^row}}{{/row}}", line: 1, message: "unknown name \"row\""),
        Case(claim: "unknown dotted", source: "{{payment.sum}}", line: 1, message: "unknown name \"payment.sum\""),
        Case(claim: "dots through a list", source: "{{rows.name}}", line: 1, message: "unknown name"),
        Case(claim: "row name outside", source: "\n{{count}}", line: 2, message: "unknown name \"count\""),
        Case(claim: "flag shown as text", source: "{{isOpen}}", line: 1, message: "cannot be shown here"),
        Case(claim: "part shown as text", source: "{{payment}}", line: 1, message: "cannot be shown here"),
        Case(claim: "dot without a text", source: "{{.}}", line: 1, message: "unknown name"),
        Case(claim: "unknown partial", source: "x\n{{>nobody}}", line: 2, message: "no template \"nobody\""),
        Case(claim: "unknown parent", source: "{{<nobody}}{{/nobody}}", line: 1, message: "no template"),
        Case(claim: "partial in a circle", source: "{{>page}}{{>page}}", line: 1, message: "contains itself"),
        Case(claim: "misspelt block", source: "{{<page2}}\n{{$mian}}{{/mian}}{{/page2}}", line: 2, message: "no block"),
        Case(claim: "text in a parent", source: "{{<page2}}lost{{/page2}}", line: 1, message: "only blocks"),
        Case(claim: "variable in a parent", source: "{{<page2}}{{title}}{{/page2}}", line: 1, message: "only blocks"),
        Case(claim: "never closed", source: "\n{{#isOpen}}x", line: 2, message: "never closed"),
        Case(claim: "never opened", source: "x{{/isOpen}}", line: 1, message: "never opened"),
        Case(claim: "crossed", source: "{{#isOpen}}\n{{#rows}}{{/isOpen}}", line: 2, message: "closed as"),
        Case(claim: "tag not closed", source: "a\nb {{title", line: 2, message: "not closed"),
        Case(claim: "value in a script", source: "<script>x='{{title}}'</script>", line: 1, message: "inside <script>"),
        Case(claim: "value in a style", source: "<STYLE>{{title}}</style>", line: 1, message: "inside <style>"),
        Case(claim: "value in a comment", source: "<!-- - {{title}} -->", line: 1, message: "inside a comment"),
        Case(claim: "bare attribute", source: "<p\nid={{title}}>", line: 2, message: "without quotes"),
        Case(claim: "end of a bare attribute", source: "<p id=a{{title}}>", line: 1, message: "without quotes"),
        Case(claim: "attribute name", source: "<p {{title}}=\"a\">", line: 1, message: "inside a tag"),
        Case(claim: "tag name", source: "<{{title}}>", line: 1, message: "inside a tag"),
        Case(claim: "closing tag name", source: "<a></a{{title}}>", line: 1, message: "inside a tag"),
        Case(claim: "handler", source: "<p onClick=\"f('{{title}}')\">", line: 1, message: "a script"),
        Case(claim: "style attribute", source: "<p style='{{title}}'>", line: 1, message: "a script"),
        Case(claim: "markup in an attribute", source: "<p id=\"{{qr}}\">", line: 1, message: "inside an attribute"),
        Case(
            claim: "section that opens a quote", source: "<p id=\"a{{#isOpen}}\">{{/isOpen}}", line: 1,
            message: "another part of a tag"),
        Case(claim: "empty name", source: "{{ }}", line: 1, message: "bad name"),
        Case(claim: "odd name", source: "{{a b}}", line: 1, message: "bad name"),
    ]

    @Test(arguments: cases) func refusesAtStart(_ refusal: Case) throws {
        let error = try #require(throws: TemplateError.self) {
            _ = try TemplateLibrary(["page": refusal.source, "page2": "{{$main}}{{/main}}"]).compile([OraclePage.self])
        }
        let found = error.defects.filter { $0.message.contains(refusal.message) }
        #expect(found.map(\.line) == [refusal.line], "\(error)")
        #expect(found.allSatisfy { $0.template == "page" })
    }

    @Test func refusesATemplateNoPageUses() throws {
        let error = try #require(throws: TemplateError.self) {
            _ = try TemplateLibrary(["page": "", "old/forgotten": "x"]).compile([OraclePage.self])
        }
        #expect(error.description == "old/forgotten.html:1: no page uses this template")
    }

    @Test func refusesAPageWithoutTemplate() throws {
        #expect(throws: TemplateError.self) { try TemplateLibrary([:]).compile([OraclePage.self]) }
    }

    @Test func refusesANameDeclaredTwice() throws {
        struct Twice: Page {
            static let template = "t"
            static var fields: Fields<Twice> { Fields().text("a") { _ in "1" }.text("a") { _ in "2" } }
        }
        let error = try #require(throws: TemplateError.self) {
            _ = try TemplateLibrary(["t": "{{a}}"]).compile([Twice.self])
        }
        #expect(error.defects.map(\.message) == ["Twice declares \"a\" twice"])
    }

    @Test func namesTheFileInWhichAnOverrideStands() throws {
        let error = try #require(throws: TemplateError.self) {
            _ = try TemplateLibrary([
                "page": "{{<base}}\n\n{{$main}}{{nope}}{{/main}}{{/base}}", "base": "{{$main}}{{/main}}",
            ]).compile([OraclePage.self])
        }
        #expect(error.description == "page.html:3: unknown name \"nope\"")
    }

    @Test func reportsEveryDefectAtOnce() throws {
        let error = try #require(throws: TemplateError.self) {
            _ = try TemplateLibrary(["page": "{{a1}}\n{{a2}}\n{{>a3}}"]).compile([OraclePage.self])
        }
        #expect(error.defects.map(\.line) == [1, 2, 3])
    }
}
