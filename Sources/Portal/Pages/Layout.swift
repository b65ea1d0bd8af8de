import PublicService
import Web

/// What stands around every public page.
struct Layout: Sendable {
    var pageTitle: String
    var problems: [Problem] = []
    /// Seconds after which the page asks again by itself; 0 for never.
    var refreshSeconds = 0
    let portal: SiteFacts

    static let fields = Fields<Layout>()
        .text("pageTitle") { $0.pageTitle }
        .number("refreshSeconds") { $0.refreshSeconds }
        .flag("hasErrors") { !$0.problems.isEmpty }
        .list("problems", Problem.fields) { $0.problems }
        .include(SiteFacts.fields) { $0.portal }
}

/// Something to be mended, with a link to where.
struct Problem: Sendable {
    /// The field's id; empty when it belongs to the whole page.
    var anchor = ""
    let sentence: String

    static let fields = Fields<Problem>().text("anchor") { $0.anchor }.text("sentence") { $0.sentence }
}

/// The authority and the portal's own files.
struct SiteFacts: Sendable {
    let stylesheet: String
    let script: String
    let emblem: String
    let agency: Agency
    let address: String

    static let fields = Fields<SiteFacts>()
        .text("stylesheet") { $0.stylesheet }
        .text("script") { $0.script }
        .text("emblem") { $0.emblem }
        .text("authority") { $0.agency.name }
        .text("province") { $0.agency.province }
        .text("officeName") { $0.agency.officeName }
        .text("officeAddress") { $0.agency.address }
        .text("officePhone") { $0.agency.phone }
        .text("officeHours") { $0.agency.hours }
        .text("formerNames") { $0.agency.formerNote }
        .text("portalAddress") { $0.address }
}

extension Portal {
    var site: SiteFacts {
        SiteFacts(
            stylesheet: files.asset("site.css"), script: files.asset("site.js"), emblem: files.asset("emblem.svg"),
            agency: agency, address: settings.publicURL)
    }

    func layout(_ title: String, problems: [Problem] = [], refreshSeconds: Int = 0) -> Layout {
        Layout(pageTitle: title, problems: problems, refreshSeconds: refreshSeconds, portal: site)
    }
}

/// A page with a heading and a few sentences: errors, confirmations.
struct MessagePage: Page {
    static let template = "public/message"
    let layout: Layout
    var explanation: String
    var detail = ""
    var incident = ""
    var linkAddress = ""
    var linkText = ""

    static let fields = Fields<MessagePage>()
        .include(Layout.fields) { $0.layout }
        .text("heading") { $0.layout.pageTitle }
        .text("explanation") { $0.explanation }
        .text("detail") { $0.detail }
        .text("incident") { $0.incident }
        .text("linkAddress") { $0.linkAddress }
        .text("linkText") { $0.linkText }
}
