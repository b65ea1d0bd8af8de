import HTTPWire
import PublicService
import Store
import Web

/// One dossier on the desk: what was typed, the papers, and what is lawful now.
extension Portal {
    func addWorkspace(to routes: inout Routes) {
        routes.get("/can-bo/ho-so/{code}", access: Portal.officers) { [self] in try await workspace($0) }
        routes.get("/can-bo/ho-so/{code}/tep/{digest}", access: Portal.officers) { [self] in try await deskFile($0) }
    }

    func deskDossier(_ exchange: Exchange) async throws -> Dossier {
        let code = try exchange.parameter("code") { DossierCode(rawValue: $0) }
        guard let dossier = try await store.dossier(code), dossier.submission.agencies.receivedAt == agency.code else {
            throw Refused(.notFound, "no such dossier")
        }
        return dossier
    }

    private func workspace(_ exchange: Exchange) async throws -> Response {
        let officer = try signedIn(exchange)
        let dossier = try await deskDossier(exchange)
        await audit(.viewed, exchange, about: dossier.code.rawValue)
        let events = try await store.events(of: dossier.id)
        let officers = Dictionary(try await store.officers().map { ($0.id, $0.name) }) { first, _ in first }
        return render(
            WorkspacePage(
                portal: self, layout: deskLayout(dossier.code.rawValue, exchange), dossier: dossier, events: events,
                officer: officer, officers: officers, now: now))
    }

    /// A paper of this dossier, and of no other.
    private func deskFile(_ exchange: Exchange) async throws -> Response {
        let dossier = try await deskDossier(exchange)
        let digest = exchange.parameter("digest")
        let all =
            dossier.attachments + dossier.submission.attachments + [dossier.result?.draft.document].compactMap { $0 }
        guard let attachment = all.first(where: { $0.digest.rawValue == digest }) else {
            throw Refused(.notFound, "no such paper")
        }
        await audit(.openedPaper, exchange, about: "\(dossier.code) \(attachment.digest)")
        return try await download(attachment)
    }
}

struct WorkspacePage: Page {
    static let template = "desk/dossier"
    let portal: Portal
    let layout: DeskLayout
    let dossier: Dossier
    let events: [RecordedEvent]
    let officer: SignedIn
    let officers: [OfficerID: String]
    let now: Instant

    private var m: Messages { portal.messages }
    private var base: String { "/can-bo/ho-so/\(dossier.code)" }

    struct Action: Sendable {
        let address, label: String
        static let fields = Fields<Action>().text("address") { $0.address }.text("label") { $0.label }
    }

    struct File: Sendable {
        let address, name, size, paper, digest: String
        static let fields = Fields<File>().text("address") { $0.address }.text("name") { $0.name }.text("size") {
            $0.size
        }
        .text("paper") { $0.paper }.text("digest") { $0.digest }
    }

    static let fields = Fields<WorkspacePage>()
        .include(DeskLayout.fields) { $0.layout }
        .text("code") { $0.dossier.code.rawValue }
        .text("step") { $0.m.say("state.\($0.dossier.state.rawValue)") }
        .text("badge") { $0.badge?.text ?? "" }
        .text("badgeTone") { $0.badge?.tone ?? "" }
        .text("finance") { $0.m.say("finance.\($0.dossier.finance.rawValue)") }
        .text("sentence") { page in
            page.m.say(
                "dossier.sentence",
                [
                    "step": page.m.say("state.\(page.dossier.state.rawValue)"),
                    "holder": page.portal.holder(page.dossier, officers: page.officers, citizen: "holder.applicant"),
                ])
        }
        .text("withdrawal") { page in
            page.dossier.withdrawalRequest.map { $0.isEmpty ? page.m.say("withdraw.noReason") : $0 } ?? ""
        }
        .list("verbs", Action.fields) { $0.verbs }
        .text("procedureName") { $0.portal.name(of: $0.dossier) }
        .text("applicant") { $0.dossier.submission.applicant.name }
        .text("phone") { $0.dossier.submission.applicant.phone }
        .text("channel") { $0.m.say("channel.\($0.dossier.submission.channel.rawValue)") }
        .text("submittedAt") { $0.m.time($0.dossier.submittedAt) }
        .text("due") { page in
            page.dossier.dueAt.map { page.m.time($0) }
                ?? page.m.say("due.intake", ["time": page.m.time(page.dossier.intakeDueAt)])
        }
        .text("delivery") { $0.m.say("delivery.\($0.dossier.submission.delivery.way.rawValue)") }
        .text("amountDue") { $0.m.money($0.dossier.amountDue) }
        .list("sections", AnswerSection.fields) { $0.sections }
        .list("files", File.fields) { page in page.dossier.attachments.map { page.file($0) } }
        .text("resultFile") { page in page.dossier.result.map { "\(page.base)/tep/\($0.draft.document.digest)" } ?? "" }
        .text("resultTitle") { $0.dossier.result?.draft.title ?? "" }
        .text("resultDigest") { $0.dossier.result?.draft.document.digest.rawValue ?? "" }
        .list("slips", Action.fields) { $0.slips }
        .list("steps", TimelineRow.fields) { page in
            page.portal.timeline(page.dossier, page.events, officers: page.officers, citizen: "holder.applicant")
        }

    private var badge: (text: String, tone: String)? {
        dossier.deadline.map { m.badge(portal.catalogue.clock.nearness(now: now, due: $0)) }
    }

    private var verbs: [Action] {
        Verb.allCases.filter { officer.actor(for: $0, dossier) != nil }.map {
            Action(address: "\(base)/viec/\(DeskVerb.address(of: $0))", label: m.say("verb.\($0.rawValue)"))
        }
    }

    private var slips: [Action] {
        Slip.available(dossier, events).map {
            Action(address: "\(base)/phieu/\($0.rawValue)", label: m.say("slip.\($0.rawValue)"))
        }
    }

    private var sections: [AnswerSection] {
        guard let form = portal.revision(of: dossier)?.form else { return [] }
        return form.steps(for: dossier.answers).map { step in
            AnswerSection(
                title: step.title,
                lines: step.questions.map { .init(label: $0.label, value: portal.shown(dossier.answers[$0.id], $0)) })
        }
    }

    private func file(_ attachment: Attachment) -> File {
        File(
            address: "\(base)/tep/\(attachment.digest)", name: attachment.name, size: m.size(attachment.byteCount),
            paper: portal.subject(attachment.paper, of: dossier), digest: attachment.digest.rawValue)
    }
}
