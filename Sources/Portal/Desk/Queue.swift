import FoundationEssentials
import HTTPWire
import PublicService
import Store
import Web

/// One table, ordered by the real deadline.
extension Portal {
    func addQueue(to routes: inout Routes) {
        routes.get("/can-bo", access: Portal.officers) { [self] in try await queuePage($0) }
    }

    /// The saved views: what an officer's roles make theirs, then what everyone may look at.
    private func views(of officer: SignedIn) -> [(id: String, filter: QueueFilter)] {
        func filter(_ states: Set<BusinessState>, assignee: OfficerID? = nil) -> QueueFilter {
            var filter = QueueFilter()
            filter.states = states
            filter.assignee = assignee
            return filter
        }
        var views: [(String, QueueFilter)] = []
        if officer.roles.contains(.intake) {
            views += [
                ("tiep-nhan", filter([.awaitingIntake])), ("da-tiep-nhan", filter([.accepted])),
                ("tra-ket-qua", filter([.resultReady])),
            ]
        }
        if officer.roles.contains(.professional) {
            views.append(("xu-ly", filter([.processing], assignee: officer.id)))
        }
        if officer.roles.contains(.leader) { views.append(("cho-ky", filter([.awaitingSignature]))) }
        if officer.roles.contains(.clerk) { views.append(("cho-phat-hanh", filter([.awaitingIssue]))) }
        var late = filter([.awaitingIntake, .accepted, .processing, .awaitingSignature, .awaitingIssue])
        late.overdueAt = now
        views += [
            ("cho-bo-sung", filter([.awaitingSupplement, .awaitingSupplementBeforeIntake])), ("qua-han", late),
            ("tat-ca", QueueFilter()),
        ]
        return views
    }

    private func queuePage(_ exchange: Exchange) async throws -> Response {
        let officer = try signedIn(exchange)
        let views = views(of: officer)
        let query = String((exchange.query["tim"] ?? "").trimmed.prefix(100))
        // A scanned or typed code opens the dossier at once.
        if let code = DossierCode(rawValue: query.uppercased()),
            try await store.dossier(code)?.submission.agencies.receivedAt == agency.code
        {
            return .seeOther("/can-bo/ho-so/\(code.rawValue)")
        }
        let wanted = exchange.query["xem"] ?? (query.isEmpty ? views[0].id : "tat-ca")
        guard var (view, filter) = views.first(where: { $0.id == wanted }) else {
            throw Refused(.notFound, "no such view")
        }
        view = wanted
        filter.text = query.isEmpty ? nil : query
        let page = min(max(Int(exchange.query["trang"] ?? "1") ?? 1, 1), 10_000)
        filter.offset = (page - 1) * filter.limit
        let rows = try await store.queue(agency: agency.code, filter)
        let officers = Dictionary(try await store.officers().map { ($0.id, $0.name) }) { first, _ in first }
        var counters: [QueuePage.Counter] = []
        for (id, filter) in views {
            counters.append(
                QueuePage.Counter(
                    address: "/can-bo?xem=\(id)", label: messages.say("queue.\(id)"),
                    count: try await store.count(agency: agency.code, filter), isCurrent: id == view))
        }
        let next = rows.count == filter.limit ? "/can-bo?xem=\(view)&trang=\(page + 1)" : ""
        return render(
            QueuePage(
                layout: deskLayout(messages.say("title.queue"), exchange), query: query,
                caption: messages.say("queue.\(view)"),
                counters: counters, rows: rows.map { row($0, officers) }, nextAddress: next))
    }

    private func row(_ dossier: Dossier, _ officers: [OfficerID: String]) -> QueuePage.Row {
        let badge = dossier.deadline.map { messages.badge(catalogue.clock.nearness(now: now, due: $0)) }
        let mark =
            switch dossier.deadline.map({ catalogue.clock.nearness(now: now, due: $0) }) {
            case .overdue: "\u{25CF}"
            case .today: "\u{25B2}"
            case .left(let days): days <= 1 ? "\u{25C6}" : "\u{25CB}"
            case nil: ""
            }
        return QueuePage.Row(
            mark: mark, deadline: badge?.text ?? messages.say("due.none"), code: dossier.code.rawValue,
            applicant: dossier.submission.applicant.name, procedure: name(of: dossier),
            step: messages.say("state.\(dossier.state.rawValue)"), since: messages.time(dossier.holder.since),
            holder: holder(dossier, officers: officers, citizen: "holder.applicant"))
    }
}

struct QueuePage: Page {
    static let template = "desk/queue"
    let layout: DeskLayout
    let query: String
    let caption: String
    let counters: [Counter]
    let rows: [Row]
    let nextAddress: String

    struct Counter: Sendable {
        let address, label: String
        let count: Int
        let isCurrent: Bool
        static let fields = Fields<Counter>().text("address") { $0.address }.text("label") { $0.label }
            .text("count") { String($0.count) }.flag("isCurrent") { $0.isCurrent }
    }

    struct Row: Sendable {
        let mark, deadline, code, applicant, procedure, step, since, holder: String
        static let fields = Fields<Row>().text("mark") { $0.mark }.text("deadline") { $0.deadline }.text("code") {
            $0.code
        }
        .text("applicant") { $0.applicant }.text("procedure") { $0.procedure }.text("step") { $0.step }
        .text("since") { $0.since }.text("holder") { $0.holder }
    }

    static let fields = Fields<QueuePage>()
        .include(DeskLayout.fields) { $0.layout }
        .text("query") { $0.query }
        .text("caption") { $0.caption }
        .list("counters", Counter.fields) { $0.counters }
        .flag("hasRows") { !$0.rows.isEmpty }
        .list("rows", Row.fields) { $0.rows }
        .text("nextAddress") { $0.nextAddress }
}
