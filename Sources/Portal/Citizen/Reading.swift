import FoundationEssentials
import HTTPWire
import PublicService
import Web

/// Level 1: everything that can be read without saying who one is.
extension Portal {
    static let readingPages: [any Page.Type] = [
        HomePage.self, ProceduresPage.self, ProcedurePage.self, SheetPage.self, ContactPage.self, PrivacyPage.self,
        AccessibilityPage.self, TransparencyPage.self, DuePage.self, FeedbackPage.self,
    ]

    func addReading(to routes: inout Routes) {
        page("/", Portal.figuresTag, &routes) { portal, _ in try await portal.homePage() }
        page("/minh-bach", Portal.figuresTag, &routes) { portal, _ in try await portal.transparencyPage() }
        routes.get("/thu-tuc") { [self] exchange in
            // What is searched for is said back, and not kept.
            guard !exchange.head.hasQuery else {
                var response = render(list(exchange.query["tu-khoa"] ?? ""))
                response.fields.set(.cacheControl, "public, max-age=300")
                return response
            }
            return try await cache.response(for: exchange.head.path, tags: ["procedures"], to: exchange) {
                pages.render(list(""))
            }
        }
        routes.get("/thu-tuc/{code}") { [self] exchange in
            let procedure = try procedure(exchange)
            return .seeOther(LocalTarget(checking: address(of: procedure)) ?? "/thu-tuc")
        }
        page("/thu-tuc/{code}/{slug}", "procedure", &routes) { portal, exchange in
            let procedure = try portal.procedure(exchange)
            // One thing has one address; any other spelling leads there and is never kept.
            guard exchange.parameter("slug") == Portal.slug(procedure.name) else {
                throw Moved(to: portal.address(of: procedure))
            }
            return portal.pages.render(portal.procedurePage(procedure))
        }
        page("/thu-tuc/{code}/to-khai", "blank", &routes) { portal, exchange in
            let procedure = try portal.procedure(exchange)
            guard let form = procedure.form else { throw Refused(.notFound, "no form") }
            return portal.pages.render(try portal.sheet(procedure, form, answers: [:], draft: nil))
        }
        page("/lien-he", "contact", &routes) { portal, _ in
            portal.pages.render(ContactPage(layout: portal.layout(portal.messages.say("title.contact"))))
        }
        page("/quyen-rieng-tu", "privacy", &routes) { portal, _ in
            portal.pages.render(PrivacyPage(layout: portal.layout(portal.messages.say("title.privacy"))))
        }
        page("/tiep-can", "accessibility", &routes) { portal, _ in
            portal.pages.render(AccessibilityPage(layout: portal.layout(portal.messages.say("title.accessibility"))))
        }
    }

    /// What shows how many dossiers came and were finished; dropped when one does.
    static let figuresTag = "figures"

    /// A public page that is the same for everyone: kept in memory for the day, in every form it is asked for.
    private func page(
        _ pattern: String, _ tag: String, _ routes: inout Routes,
        make: @escaping @Sendable (Portal, Exchange) async throws -> [UInt8]
    ) {
        routes.get(pattern) { [self] exchange in
            try await moving {
                try await cache.response(for: exchange.head.path, tags: [tag], to: exchange) {
                    try await make(self, exchange)
                }
            }
        }
    }

    func procedure(_ exchange: Exchange) throws -> Procedure {
        let code = try exchange.parameter("code") { ProcedureCode(rawValue: $0) }
        guard let procedure = catalogue.procedure(code, on: today) else {
            throw Refused(.notFound, "no such procedure")
        }
        return procedure
    }

    private func homePage() async throws -> [UInt8] {
        let inForce = catalogue.inForce(on: today)
        let popular = ["1.001193", "2.000635", "1.000894", "1.004873", "2.000815", "1.004222", "1.001612", "1.013978"]
        let rows = popular.compactMap { code in inForce.first { $0.code.rawValue == code } }
        let figures = try await store.months(agency: agency.code).first
        let line = figures.flatMap { month -> String? in
            guard month.month == String(today.description.prefix(7)) else { return nil }
            guard month.finished > 0 else {
                return messages.say("home.transparency.received", ["received": String(month.received)])
            }
            return messages.say(
                "home.transparency",
                [
                    "received": String(month.received), "finished": String(month.finished),
                    "onTime": Messages.percent(month.onTime, of: month.finished),
                ])
        }
        return pages.render(
            HomePage(
                layout: layout(messages.say("title.home")),
                rows: rows.map { LinkRow(address: address(of: $0), name: $0.name) },
                count: inForce.count, transparency: line ?? "", codeExample: codeExample))
    }

    var codeExample: String { "\(agency.code)-\(today.compact)-0001" }

    private func list(_ typed: String) -> ProceduresPage {
        let query = typed.trimmed
        let inForce = catalogue.inForce(on: today)
        var groups: [ProcedureGroup] = []
        if query.isEmpty {
            for (field, members) in Dictionary(grouping: inForce, by: \.field).sorted(by: { $0.key < $1.key }) {
                groups.append(ProcedureGroup(title: field, rows: members.map(row)))
            }
        } else {
            let found = ProcedureSearch(inForce).find(query)
            if !found.isEmpty {
                groups = [
                    ProcedureGroup(
                        title: messages.say("search.found", ["count": String(found.count)]), rows: found.map(row))
                ]
            }
        }
        let heading =
            query.isEmpty
            ? messages.say("title.procedures") : messages.say("search.heading", ["query": String(query.prefix(100))])
        return ProceduresPage(
            layout: layout(heading), heading: heading, query: String(query.prefix(200)), groups: groups,
            nothingFound: !query.isEmpty && groups.isEmpty, formerNotice: formerNotice(query),
            directions: signposts.directions(for: query))
    }

    /// Who looks for a commune by its old name finds where it went.
    private func formerNotice(_ query: String) -> String {
        let words = TypedText.folded(query)
        let isNamed = agency.former.contains { name in
            let plain = TypedText.folded(name.replacing("(", with: " ")).split(separator: " ")
                .dropFirst().prefix(2)
            return words.contains(plain.joined(separator: " "))
        }
        return isNamed ? agency.formerNote : ""
    }

    private func row(_ procedure: Procedure) -> ProcedureRow {
        let time = procedure.processingTimes.first.map {
            words($0, certain: procedure.certain["processing_time"] ?? false)
        }
        return ProcedureRow(
            address: address(of: procedure), name: procedure.name, code: procedure.code.rawValue,
            decider: decider(of: procedure), time: time ?? setByAuthority,
            fee: procedure.fees.first.map(summary) ?? setByAuthority,
            online: onlineWords(procedure))
    }

    func procedurePage(_ procedure: Procedure) -> ProcedurePage {
        ProcedurePage(portal: self, layout: layout(procedure.name), procedure: procedure)
    }
}

/// A name that leads somewhere.
struct LinkRow: Sendable {
    let address: String
    let name: String
    static let fields = Fields<LinkRow>().text("address") { $0.address }.text("name") { $0.name }
}

struct HomePage: Page {
    static let template = "public/home"
    let layout: Layout
    let rows: [LinkRow]
    let count: Int
    let transparency: String
    let codeExample: String

    static let fields = Fields<HomePage>()
        .include(Layout.fields) { $0.layout }
        .list("popular", LinkRow.fields) { $0.rows }
        .number("procedureCount") { $0.count }
        .text("transparency") { $0.transparency }
        .text("codeExample") { $0.codeExample }
        .number("draftDays") { _ in Portal.draftDays }
}

struct ProcedureRow: Sendable {
    let address, name, code, decider, time, fee, online: String
    static let fields = Fields<ProcedureRow>().text("address") { $0.address }.text("name") { $0.name }
        .text("code") { $0.code }.text("decider") { $0.decider }.text("time") { $0.time }.text("fee") { $0.fee }.text(
            "online"
        ) { $0.online }
}

struct ProcedureGroup: Sendable {
    let title: String
    let rows: [ProcedureRow]
    static let fields = Fields<ProcedureGroup>().text("title") { $0.title }.list("rows", ProcedureRow.fields) {
        $0.rows
    }
}

struct ProceduresPage: Page {
    static let template = "public/procedures"
    let layout: Layout
    let heading: String
    let query: String
    let groups: [ProcedureGroup]
    let nothingFound: Bool
    let formerNotice: String
    let directions: [String]

    static let fields = Fields<ProceduresPage>()
        .include(Layout.fields) { $0.layout }
        .text("heading") { $0.heading }
        .text("query") { $0.query }
        .list("groups", ProcedureGroup.fields) { $0.groups }
        .flag("nothingFound") { $0.nothingFound }
        .text("formerNotice") { $0.formerNotice }
        .list("directions", .itself) { $0.directions }
}

struct ContactPage: Page {
    static let template = "public/contact"
    let layout: Layout
    static let fields = Fields<ContactPage>().include(Layout.fields) { $0.layout }
}

struct PrivacyPage: Page {
    static let template = "public/privacy"
    let layout: Layout
    static let fields = Fields<PrivacyPage>().include(Layout.fields) { $0.layout }
        .number("draftDays") { _ in Portal.draftDays }
}

struct AccessibilityPage: Page {
    static let template = "public/accessibility"
    let layout: Layout
    static let fields = Fields<AccessibilityPage>().include(Layout.fields) { $0.layout }
}
