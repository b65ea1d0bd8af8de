import HTTPWire
import PublicService
import Store
import Web

/// Who is signed in at the desk.
struct SignedIn: Sendable {
    let id: OfficerID
    let name: String
    let roles: Set<Role>

    /// The role in which this officer may do `verb`: the first of theirs that is lawful for the dossier now.
    func actor(for verb: Verb, _ dossier: Dossier) -> Actor? {
        Role.allCases.filter(roles.contains).map { Actor.officer(id, $0) }.first { dossier.permits(verb, by: $0) }
    }
}

/// What stands around every page of the desk.
struct DeskLayout: Sendable {
    var pageTitle: String
    var problems: [Problem] = []
    let portal: SiteFacts
    let officer: SignedIn?
    let csrf: String

    struct Name: Sendable {
        let officerName: String
        static let fields = Fields<Name>().text("officerName") { $0.officerName }
    }

    static let fields = Fields<DeskLayout>()
        .text("pageTitle") { $0.pageTitle }
        .flag("hasErrors") { !$0.problems.isEmpty }
        .list("problems", Problem.fields) { $0.problems }
        .section("officer", Name.fields) { layout in layout.officer.map { Name(officerName: $0.name) } }
        .text("csrf") { $0.csrf }
        .include(SiteFacts.fields) { $0.portal }
}

extension Portal {
    static let deskPages: [any Page.Type] = [
        LoginPage.self, QueuePage.self, WorkspacePage.self, ActPage.self, DeskMessagePage.self,
    ]

    /// Any officer with at least one role.
    static let officers = Access.officer(roles: Set(Role.allCases.map(\.rawValue)))

    func signedIn(_ exchange: Exchange) throws -> SignedIn {
        guard let session = exchange.session, let id = OfficerID(rawValue: session.subject) else {
            throw Refused(.unauthorized, "no session")
        }
        return SignedIn(
            id: id, name: session.values["name"] ?? id.rawValue,
            roles: Set(session.roles.compactMap { Role(rawValue: $0) }))
    }

    func deskLayout(_ title: String, _ exchange: Exchange, problems: [Problem] = []) -> DeskLayout {
        DeskLayout(
            pageTitle: title, problems: problems, portal: site, officer: try? signedIn(exchange),
            csrf: exchange.csrfToken())
    }
}

/// A desk page with a heading and a sentence.
struct DeskMessagePage: Page {
    static let template = "desk/message"
    let layout: DeskLayout
    let explanation: String
    var incident = ""
    var linkAddress = "/can-bo"
    let linkText: String

    static let fields = Fields<DeskMessagePage>()
        .include(DeskLayout.fields) { $0.layout }
        .text("heading") { $0.layout.pageTitle }
        .text("explanation") { $0.explanation }
        .text("incident") { $0.incident }
        .text("linkAddress") { $0.linkAddress }
        .text("linkText") { $0.linkText }
}
