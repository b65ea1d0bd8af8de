import PublicService
import Web

/// One dossier as the citizen sees it: what now, who acts, until when.
struct DossierPage: Page {
    static let template = "public/dossier"
    let portal: Portal
    let layout: Layout
    let dossier: Dossier
    let events: [RecordedEvent]
    let viewer: Viewer
    let now: Instant
    let officers: [OfficerID: String]
    let csrf: String

    private var m: Messages { portal.messages }
    private var key: LookupKey? { if case .holder(let key) = viewer { key } else { nil } }
    private var base: String { "/ho-so/\(dossier.code)" }

    struct Payment: Sendable {
        let title, explanation, payAddress, key, csrf: String
        static let fields = Fields<Payment>().text("title") { $0.title }.text("explanation") { $0.explanation }
            .text("payAddress") { $0.payAddress }.text("key") { $0.key }.text("csrf") { $0.csrf }
    }

    struct Item: Sendable {
        let subject, reason: String
        static let fields = Fields<Item>().text("subject") { $0.subject }.text("reason") { $0.reason }
    }

    struct Supplement: Sendable {
        let items: [Item]
        let ground, answerBy, address: String
        static let fields = Fields<Supplement>().list("items", Item.fields) { $0.items }.text("ground") { $0.ground }
            .text("answerBy") { $0.answerBy }.text("address") { $0.address }
    }

    struct Result: Sendable {
        let title, number, downloadAddress, explanation, digest, confirmAddress, key, csrf: String
        static let fields = Fields<Result>().text("title") { $0.title }.text("number") { $0.number }
            .text("downloadAddress") { $0.downloadAddress }.text("explanation") { $0.explanation }
            .text("digest") { $0.digest }.text("confirmAddress") { $0.confirmAddress }.text("key") { $0.key }.text(
                "csrf"
            ) { $0.csrf }
    }

    struct Closure: Sendable {
        let title: String
        let reasons: [String]
        let ground: String
        static let fields = Fields<Closure>().text("title") { $0.title }.list("reasons", .itself) { $0.reasons }
            .text("ground") { $0.ground }
    }

    struct Personal: Sendable {
        let name, phone, delivery: String
        static let fields = Fields<Personal>().text("name") { $0.name }.text("phone") { $0.phone }.text("delivery") {
            $0.delivery
        }
    }

    struct Files: Sendable {
        let rows: [FileRow]
        static let fields = Fields<Files>().list("rows", FileRow.fields) { $0.rows }
    }

    static let fields = Fields<DossierPage>()
        .include(Layout.fields) { $0.layout }
        .text("code") { $0.dossier.code.rawValue }
        .text("status") { $0.m.say("status.\($0.dossier.citizenStatus.rawValue)") }
        .text("statusMeaning") { $0.m.say("status.\($0.dossier.citizenStatus.rawValue).meaning") }
        .text("tone") { $0.tone }
        .text("badge") { $0.badge?.text ?? "" }
        .text("badgeTone") { $0.badge?.tone ?? "" }
        .text("sentence") { $0.sentence }
        .section("payment", Payment.fields) { $0.payment }
        .section("supplement", Supplement.fields) { $0.supplement }
        .text("lateness") { $0.lateness }
        .section("result", Result.fields) { $0.result }
        .section("closure", Closure.fields) { $0.closure }
        .list("steps", TimelineRow.fields) { $0.portal.timeline($0.dossier, $0.events, officers: $0.officers) }
        .text("procedureName") { $0.portal.name(of: $0.dossier) }
        .text("submittedAt") { $0.m.time($0.dossier.submittedAt) }
        .text("holder") { $0.portal.holder($0.dossier, officers: $0.officers) }
        .text("holderSince") { $0.m.time($0.dossier.holder.since) }
        .text("due") { $0.due }
        .section("personal", Personal.fields) { $0.personal }
        .section("files", Files.fields) { $0.files }
        .text("receiptAddress") { page in page.key.map { "\(page.base)/bien-nhan?khoa=\($0.rawValue)" } ?? "" }
        .text("appointmentAddress") { page in
            page.dossier.acceptance == nil ? "" : page.key.map { "\(page.base)/phieu-hen?khoa=\($0.rawValue)" } ?? ""
        }
        .text("withdrawAddress") { page in
            let may = page.dossier.permits(.withdraw, by: .citizen) && page.dossier.withdrawalRequest == nil
            return may ? page.key.map { "\(page.base)/rut?khoa=\($0.rawValue)" } ?? "" : ""
        }

    private var tone: String {
        switch dossier.citizenStatus {
        case .resultReady, .resultReturned: "good"
        case .awaitingSupplement, .awaitingPayment: "warn"
        case .refused, .stopped: "bad"
        default: ""
        }
    }

    private var badge: (text: String, tone: String)? {
        dossier.deadline.map { m.badge(portal.catalogue.clock.nearness(now: now, due: $0)) }
    }

    private var sentence: String {
        var said = [
            "step": m.say("state.\(dossier.state.rawValue)"), "holder": portal.holder(dossier, officers: officers),
        ]
        let kind: String
        if BusinessState.ended.contains(dossier.state) {
            (kind, said["time"]) = (".ended", m.time(dossier.holder.since))
        } else if let open = dossier.openSupplement {
            (kind, said["time"]) = (".supplement", m.time(open.request.answerBy))
        } else if let deadline = dossier.deadline {
            (kind, said["time"]) = (dossier.state == .awaitingIntake ? ".intake" : ".due", m.time(deadline))
        } else {
            kind = ""
        }
        return m.say("dossier.sentence" + kind, said)
    }

    private var due: String {
        if let dueAt = dossier.dueAt { return m.time(dueAt) }
        return BusinessState.beforeIntake.contains(dossier.state)
            ? m.say("due.intake", ["time": m.time(dossier.intakeDueAt)]) : m.say("due.none")
    }

    private var payment: Payment? {
        guard dossier.owesFee, !BusinessState.ended.contains(dossier.state) else {
            guard dossier.finance == .reconcile else { return nil }
            return Payment(
                title: m.say("finance.reconcile"), explanation: m.say("pay.reconcile"), payAddress: "", key: "",
                csrf: "")
        }
        let isOpen = key != nil && portal.settings.merchant != nil
        var explanation = m.say(
            dossier.finance == .failed ? "pay.failed" : "pay.due", ["amount": m.money(dossier.amountDue)])
        if dossier.finance == .pending, let order = dossier.payment, now < order.expiresAt {
            explanation += " " + m.say("pay.atBank", ["time": m.time(order.createdAt)])
        }
        return Payment(
            title: m.say("finance.\(dossier.finance.rawValue)"), explanation: explanation,
            payAddress: isOpen ? "\(base)/thanh-toan" : "", key: key?.rawValue ?? "", csrf: csrf)
    }

    private var supplement: Supplement? {
        guard let key, let open = dossier.openSupplement else { return nil }
        let request = open.request
        return Supplement(
            items: request.items.map { Item(subject: portal.subject($0.subject, of: dossier), reason: $0.reason) },
            ground: request.ground, answerBy: m.time(request.answerBy), address: "\(base)/bo-sung?khoa=\(key.rawValue)")
    }

    private var lateness: String {
        let extended = events.compactMap { event -> Extension? in
            if case .extended(let change) = event.event { change } else { nil }
        }.last
        if let extended {
            return m.say("late.extended", ["reason": extended.reason, "time": m.time(extended.newDueAt)])
        }
        guard let dueAt = dossier.dueAt, dossier.deadline != nil, now > dueAt else { return "" }
        return m.say("late.plain", ["time": m.time(dueAt)])
    }

    private var result: Result? {
        guard let result = dossier.result, result.issuedAt != nil else { return nil }
        let mayDownload = key != nil && !dossier.owesFee
        return Result(
            title: result.draft.title, number: result.number ?? "",
            downloadAddress: mayDownload ? "\(base)/ket-qua?khoa=\(key?.rawValue ?? "")" : "",
            explanation: m.say("result.\(resultHint)"),
            digest: result.draft.document.digest.rawValue,
            confirmAddress: mayDownload && dossier.state == .resultReady ? "\(base)/da-nhan" : "",
            key: key?.rawValue ?? "", csrf: csrf)
    }

    /// What to do to have the result in hand.
    private var resultHint: String {
        if dossier.state == .resultReturned { return key == nil ? "returned" : "returnedKeep" }
        if dossier.owesFee { return "unpaid" }
        let way = dossier.submission.delivery.way
        return way == .online && key == nil ? "needsKey" : way.rawValue
    }

    private var closure: Closure? {
        guard let closure = dossier.closure else { return nil }
        return Closure(
            title: m.say("closure.\(dossier.state.rawValue)"), reasons: key == nil ? [] : closure.reasons,
            ground: closure.ground ?? "")
    }

    private var personal: Personal? {
        guard key != nil else { return nil }
        let submission = dossier.submission
        return Personal(
            name: submission.applicant.name, phone: submission.applicant.phone,
            delivery: m.say("delivery.\(submission.delivery.way.rawValue)"))
    }

    private var files: Files? {
        guard key != nil, !dossier.attachments.isEmpty else { return nil }
        return Files(rows: dossier.attachments.map { FileRow($0, m) })
    }
}

/// A step that was made, or the one that is due.
struct TimelineRow: Sendable {
    let title: String
    var when = ""
    var whenMachine = ""
    var who = ""
    var detail = ""
    var isCurrent = false
    static let fields = Fields<TimelineRow>().text("title") { $0.title }.text("when") { $0.when }
        .text("whenMachine") { $0.whenMachine }.text("who") { $0.who }.text("detail") { $0.detail }
        .flag("isCurrent") { $0.isCurrent }
}

extension Portal {
    /// What happened, then what is going on.
    func timeline(
        _ dossier: Dossier, _ events: [RecordedEvent], officers: [OfficerID: String], citizen: String = "holder.citizen"
    ) -> [TimelineRow] {
        var rows = events.map { event in
            TimelineRow(
                title: messages.say("event.\(event.event.kind.rawValue)"), when: messages.time(event.at),
                whenMachine: LocalMinute(event.at).description, who: who(event.actor, officers))
        }
        let current = messages.say("state.\(dossier.state.rawValue)")
        guard !BusinessState.ended.contains(dossier.state) else {
            if !rows.isEmpty { rows[rows.count - 1].isCurrent = true }
            return rows
        }
        let detail = dossier.deadline.map { messages.say("timeline.due", ["time": messages.time($0)]) } ?? ""
        rows.append(
            TimelineRow(
                title: current, who: holder(dossier, officers: officers, citizen: citizen), detail: detail,
                isCurrent: true))
        return rows
    }

    private func who(_ actor: Actor, _ officers: [OfficerID: String]) -> String {
        switch actor {
        case .citizen: messages.say("who.citizen")
        case .officer(let id, let role):
            officer(officers[id], role)
        case .partner: messages.say("who.partner")
        case .gateway: messages.say("who.gateway")
        case .system: messages.say("who.system")
        }
    }

    private func officer(_ name: String?, _ role: Role) -> String {
        let role = messages.say("role.\(role.rawValue)")
        return name.map { messages.say("who.officer", ["name": $0, "role": role]) } ?? role
    }

    /// Who has the dossier, in words.
    func holder(_ dossier: Dossier, officers: [OfficerID: String], citizen: String = "holder.citizen") -> String {
        switch dossier.holder.place {
        case .desk: agency.officeName
        case .officer(let id):
            officer(officers[id], .professional)
        case .leader: messages.say("role.leader")
        case .clerk: messages.say("role.clerk")
        case .citizen: messages.say(citizen)
        case .nobody: messages.say("holder.nobody")
        }
    }

    /// The paper or question that a supplement item is about.
    func subject(_ subject: String, of dossier: Dossier) -> String {
        guard let procedure = revision(of: dossier) else { return subject }
        if subject.hasPrefix("answer:") {
            let id = String(subject.dropFirst(7))
            return procedure.form?.questions.first { $0.id == id }?.label ?? id
        }
        return procedure.requirements.first { $0.id == subject }?.name ?? subject
    }
}
