import Mustache
import Testing

@testable import Web

/// The data every case of the table is rendered with, once as typed fields, once as the oracle's dictionaries.
struct OraclePage: Page {
    struct Row: Sendable {
        var name: String
        var count: Int
        var isLate: Bool
        var tags: [String]
    }
    struct Payment: Sendable {
        var amount: String
        var bank: Bank?
    }
    struct Bank: Sendable {
        var title: String
    }

    static let template = "page"
    static var fields: Fields<OraclePage> {
        Fields()
            .text("title") { $0.title }
            .text("empty") { _ in "" }
            .flag("isOpen") { _ in true }
            .flag("isShut") { _ in false }
            .section("payment", paymentFields) { $0.payment }
            .section("refund", paymentFields) { _ in nil }
            .list("rows", rowFields) { $0.rows }
            .list("none", rowFields) { _ in [] }
            .text("name") { _ in "outer" }
            .html("qr") { _ in SafeHTML(trusted: "<svg/>") }
    }
    static var paymentFields: Fields<Payment> {
        Fields()
            .text("amount") { $0.amount }
            .section("bank", Fields().text("title") { (bank: Bank) in bank.title }) { $0.bank }
    }
    static var rowFields: Fields<Row> {
        Fields()
            .text("name") { $0.name }
            .number("count") { $0.count }
            .flag("isLate") { $0.isLate }
            .list("tags", .itself) { $0.tags }
    }

    var title = "Đăng ký <khai sinh> & \"kết hôn\" 'A'"
    var payment: Payment? = Payment(amount: "5 000 đ", bank: Bank(title: "NH <1>"))
    var rows = [
        Row(name: "Nguyễn Thị Ánh", count: 1, isLate: false, tags: ["a&b", "c"]),
        Row(name: "Trần <b>Đức</b>", count: 2, isLate: true, tags: []),
    ]

    var dictionary: [String: Any] {
        [
            "title": title, "isOpen": true, "isShut": false, "name": "outer", "none": [[String: Any]](),
            "payment": ["amount": "5 000 đ", "bank": ["title": "NH <1>"]] as [String: Any],
            "rows": rows.map {
                ["name": $0.name, "count": $0.count, "isLate": $0.isLate, "tags": $0.tags] as [String: Any]
            },
        ]
    }
}

struct OracleCase: Sendable, CustomTestStringConvertible {
    let claim: String
    let page: String
    var partials: [String: String] = [:]
    var testDescription: String { claim }
}

@Suite struct TemplateOracleTests {
    static let cases: [OracleCase] = [
        OracleCase(claim: "plain text", page: "Xin chào\n"),
        OracleCase(claim: "empty template", page: ""),
        OracleCase(claim: "escaping of all five", page: "<p title=\"{{title}}\">{{title}}</p>"),
        OracleCase(claim: "white space within tags", page: "|{{ title }}|{{#  isOpen }}x{{/ isOpen}}|"),
        OracleCase(claim: "number", page: "{{#rows}}{{count}};{{/rows}}"),
        OracleCase(claim: "true section", page: "a{{#isOpen}}b{{/isOpen}}c"),
        OracleCase(claim: "false section", page: "a{{#isShut}}b{{/isShut}}c"),
        OracleCase(claim: "inverted", page: "{{^isShut}}x{{/isShut}}{{^isOpen}}y{{/isOpen}}"),
        OracleCase(claim: "part", page: "{{#payment}}{{amount}} {{title}}{{/payment}}"),
        OracleCase(claim: "missing part inverted", page: "{{^none}}nothing{{/none}}{{^rows}}never{{/rows}}"),
        OracleCase(
            claim: "nested parts shadow", page: "{{#payment}}{{#bank}}{{title}}|{{amount}}{{/bank}}{{/payment}}"),
        OracleCase(claim: "dotted names", page: "{{payment.amount}} {{payment.bank.title}}"),
        OracleCase(claim: "dotted section", page: "{{#payment.bank}}{{title}}{{/payment.bank}}"),
        OracleCase(claim: "rows and outer names", page: "{{#rows}}{{name}} {{title}}\n{{/rows}}{{name}}"),
        OracleCase(claim: "rows within rows", page: "{{#rows}}[{{#tags}}({{.}}){{/tags}}{{^tags}}-{{/tags}}]{{/rows}}"),
        OracleCase(claim: "flag in rows", page: "{{#rows}}{{#isLate}}!{{/isLate}}{{^isLate}}.{{/isLate}}{{/rows}}"),
        OracleCase(
            claim: "standalone section lines vanish",
            page: "<ul>\n  {{#rows}}\n  <li>{{name}}</li>\n  {{/rows}}\n</ul>\n"),
        OracleCase(claim: "standalone with CRLF", page: "|\r\n{{#isOpen}}\r\n{{/isOpen}}\r\n|"),
        OracleCase(claim: "standalone at the very end", page: "#{{#isOpen}}\n/\n  {{/isOpen}}"),
        OracleCase(claim: "standalone without newline before", page: "  {{#isOpen}}\n#{{/isOpen}}\n/"),
        OracleCase(claim: "two tags on a line stay", page: "a\n  {{#isOpen}}{{/isOpen}}  \nb"),
        OracleCase(claim: "inline section keeps spaces", page: " | {{#isOpen}} {{! c }}\n {{/isOpen}} | \n"),
        OracleCase(claim: "standalone comment", page: "a\n  {{! note }}  \nb\n"),
        OracleCase(claim: "comment over lines", page: "a\n{{!\nnote\n}}\nb {{! x }} c\n"),
        OracleCase(claim: "lone braces", page: "a { b } {c} }} d"),
        OracleCase(claim: "partial", page: "[{{>p}}]", partials: ["p": "{{title}}"]),
        OracleCase(claim: "partial in rows", page: "{{#rows}}{{> row}}{{/rows}}", partials: ["row": "({{name}})"]),
        OracleCase(
            claim: "standalone partial is indented", page: "\\\n {{>p}}\n/\n", partials: ["p": "|\n{{name}}\n|\n"]),
        OracleCase(claim: "inline partial keeps its line", page: "  {{name}}  {{> p}}\n", partials: ["p": ">\n>"]),
        OracleCase(
            claim: "nested partials add up", page: "a\n  {{>p}}\nb\n",
            partials: ["p": "c\n  {{>q}}\nd\n", "q": "e\n{{#isOpen}}\n({{name}})\n{{/isOpen}}\n"]),
        OracleCase(
            claim: "partial without last newline", page: "a\n  {{>p}}\nb\n", partials: ["p": "c\nd"]),
        OracleCase(claim: "path names", page: "{{>shared/p}}", partials: ["shared/p": "x"]),
        OracleCase(claim: "default block", page: "{{$a}}default {{name}}{{/a}}"),
        OracleCase(
            claim: "parent with override", page: "{{<base}}{{$a}}mine {{title}}{{/a}}{{/base}}",
            partials: ["base": "({{$a}}theirs{{/a}}|{{$b}}kept{{/b}})"]),
        OracleCase(
            claim: "white space between overrides", page: "{{<base}}\n  {{$a}}x{{/a}}\n  {{$b}}y{{/b}}\n{{/base}}\n",
            partials: ["base": "<{{$a}}1{{/a}}|{{$b}}2{{/b}}>\n"]),
        OracleCase(
            claim: "most derived wins", page: "{{<p}}{{$a}}c{{/a}}{{/p}}",
            partials: ["p": "{{<o}}{{$a}}p{{/a}}{{/o}}", "o": "{{<g}}{{$a}}o{{/a}}{{/g}}", "g": "{{$a}}g{{/a}}"]),
        OracleCase(
            claim: "middle layer's override", page: "{{<p}}{{/p}}",
            partials: ["p": "{{<o}}{{$a}}p{{/a}}{{/o}}", "o": "{{$a}}o{{/a}}"]),
        OracleCase(
            claim: "block scope is the parent's", page: "{{<p}}{{$a}}I say {{title}}{{/a}}{{/p}}",
            partials: ["p": "{{#payment.bank}}{{$a}}You{{/a}}{{/payment.bank}}"]),
        OracleCase(
            claim: "block within a partial", page: "{{<p}}{{$a}}X{{/a}}{{/p}}",
            partials: ["p": "{{>q}}", "q": "<{{$a}}Y{{/a}}>"]),
        OracleCase(
            claim: "block takes the parent's indentation",
            page: "{{<p}}\n{{$main}}\n    <h1>{{name}}</h1>\n    <p>{{amount}}</p>\n{{/main}}\n{{/p}}\n"
                .replacing("{{amount}}", with: "{{payment.amount}}"),
            partials: ["p": "<body>\n  {{$main}}\n  {{/main}}\n</body>\n"]),
        OracleCase(
            claim: "inherited indentation", page: "{{<p}}{{$a}}hammer time{{/a}}{{/p}}",
            partials: ["p": "stop:\n  {{$a}}collaborate and listen{{/a}}\n"]),
    ]

    @Test(arguments: cases) func rendersAsTheOracle(_ oracleCase: OracleCase) throws {
        let page = OraclePage()
        var sources = oracleCase.partials
        sources["page"] = oracleCase.page
        let ours = try TemplateLibrary(sources).compile([OraclePage.self]).render(page)

        var library = MustacheLibrary()
        for (name, source) in sources { try library.register(source, named: name) }
        let expected = library.render(page.dictionary, withTemplate: "page")
        #expect(String(decoding: ours, as: UTF8.self) == expected)
    }
}
