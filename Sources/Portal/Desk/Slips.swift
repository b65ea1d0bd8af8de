import HTTPWire
import PublicService
import Store
import Web

/// The official slips that a dossier has earned (Circular 03/2025/TT-VPCP, annex I), printable at A5.
enum Slip: String, Sendable, CaseIterable {
    /// Receipt and appointment.
    case receipt = "01"
    /// Request to supplement.
    case supplement = "02"
    /// Refusal to take in.
    case refusal = "03"
    /// Apology and extension.
    case apology = "04"
    /// Stop.
    case stop = "05"

    static func available(_ dossier: Dossier, _ events: [RecordedEvent]) -> [Slip] {
        allCases.filter { slip in
            switch slip {
            case .receipt: dossier.acceptance != nil
            case .supplement: !dossier.supplements.isEmpty
            case .refusal: dossier.state == .refused
            case .apology: dossier.extensions > 0
            case .stop: dossier.state == .stopped
            }
        }
    }
}

extension Portal {
    static let slipPages: [any Page.Type] = [PublicSlipPage.self, DeskSlipPage.self]

    func addDeskSlips(to routes: inout Routes) {
        routes.get("/can-bo/ho-so/{code}/phieu/{number}", access: Portal.officers) { [self] exchange in
            let dossier = try await deskDossier(exchange)
            let slip = try exchange.parameter("number") { Slip(rawValue: $0) }
            let view = try await slipView(slip, dossier)
            await audit(.openedSlip, exchange, about: "\(dossier.code) \(slip.rawValue)")
            return render(
                DeskSlipPage(
                    layout: deskLayout(view.title, exchange), view: view, backAddress: "/can-bo/ho-so/\(dossier.code)"))
        }
    }

    func addPublicSlips(to routes: inout Routes) {
        routes.get("/ho-so/{code}/phieu-hen") { [self] exchange in
            try await moving {
                let (dossier, key) = try await held(exchange)
                let view = try await slipView(.receipt, dossier)
                return render(
                    PublicSlipPage(
                        layout: layout(view.title), view: view,
                        backAddress: "/ho-so/\(dossier.code)?khoa=\(key.rawValue)")
                ).keptUncompressed()
            }
        }
    }

    private func slipView(_ slip: Slip, _ dossier: Dossier) async throws -> SlipView {
        let events = try await store.events(of: dossier.id)
        guard Slip.available(dossier, events).contains(slip) else { throw Refused(.notFound, "no such slip") }
        let m = messages
        let applicant = dossier.submission.applicant
        var facts = [
            (m.say("slip.applicant"), applicant.name), (m.say("slip.address"), applicant.address ?? ""),
            (m.say("slip.phone"), applicant.phone),
            (m.say("slip.content"), name(of: dossier)),
        ]
        var items: [(String, String)] = []
        var itemsTitle = ""
        var closing = ""
        switch slip {
        case .receipt:
            let time = revision(of: dossier)?.time(for: dossier.submission.channel)
            facts += [
                (m.say("slip.limit"), time.map { words($0, certain: true) } ?? setByAuthority),
                (m.say("slip.received"), dossier.acceptance.map { m.time($0.at) } ?? ""),
                (m.say("slip.appointment"), dossier.acceptance.map { m.time($0.dueAt) } ?? ""),
                (m.say("slip.delivery"), m.say("delivery.\(dossier.submission.delivery.way.rawValue)")),
                (m.say("slip.register"), dossier.acceptance.map { String($0.registerNumber) } ?? ""),
            ]
            itemsTitle = m.say("slip.papers")
            items = [(revision(of: dossier)?.form?.title ?? m.say("slip.form"), m.say("slip.electronic"))]
            items += dossier.attachments.map {
                ("\(subject($0.paper, of: dossier)): \($0.name)", m.say("slip.electronic"))
            }
        case .supplement:
            guard let last = dossier.supplements.last else { throw Refused(.notFound, "no supplement") }
            facts += [
                (m.say("slip.ground"), last.request.ground), (m.say("slip.answerBy"), m.time(last.request.answerBy)),
            ]
            itemsTitle = m.say("slip.toMend")
            items = last.request.items.map { (subject($0.subject, of: dossier), $0.reason) }
            closing = m.say("slip.supplement.closing")
        case .refusal, .stop:
            facts.append((m.say("slip.ground"), dossier.closure?.ground ?? ""))
            itemsTitle = m.say("slip.reasons")
            items = (dossier.closure?.reasons ?? []).map { ($0, "") }
        case .apology:
            let changes = events.compactMap { event -> Extension? in
                if case .extended(let change) = event.event { change } else { nil }
            }
            facts += [
                (m.say("slip.appointment"), dossier.acceptance.map { m.time($0.dueAt) } ?? ""),
                (m.say("slip.lateReason"), changes.last?.reason ?? ""),
                (m.say("slip.newAppointment"), changes.last.map { m.time($0.newDueAt) } ?? ""),
            ]
            closing = m.say("slip.apology.closing")
        }
        let address = "\(settings.publicURL)/ho-so/\(dossier.code)?khoa=\(store.lookupKey(of: dossier.id).rawValue)"
        return SlipView(
            slip: slip, title: m.say("slip.\(slip.rawValue).title"), dossier: dossier, facts: facts,
            itemsTitle: itemsTitle, items: items,
            closing: closing, signer: m.say(slip == .apology ? "slip.signer.head" : "slip.signer.officer"),
            dateLine: m.say(
                "slip.date",
                [
                    "place": agency.shortName, "day": String(today.day), "month": String(today.month),
                    "year": String(today.year),
                ]),
            qr: try qr(address))
    }
}

/// A slip's content.
struct SlipView: Sendable {
    let slip: Slip
    let title: String
    let dossier: Dossier
    let facts: [(label: String, value: String)]
    let itemsTitle: String
    let items: [(label: String, value: String)]
    let closing: String
    let signer: String
    let dateLine: String
    let qr: SafeHTML

    struct Row: Sendable {
        let number: Int
        let label: String
        let value: String
        static let fields = Fields<Row>().number("number") { $0.number }.text("label") { $0.label }.text("value") {
            $0.value
        }
    }

    static let fields = Fields<SlipView>()
        .text("slipNumber") { "\($0.slip.rawValue)/\($0.dossier.code)" }
        .text("slipTitle") { $0.title }
        .text("code") { $0.dossier.code.rawValue }
        .text("dateLine") { $0.dateLine }
        .list("facts", Row.fields) { $0.facts.map { Row(number: 0, label: $0.label, value: $0.value) } }
        .flag("hasItems") { !$0.items.isEmpty }
        .text("itemsTitle") { $0.itemsTitle }
        .list("items", Row.fields) { view in
            view.items.enumerated().map { Row(number: $0.offset + 1, label: $0.element.label, value: $0.element.value) }
        }
        .text("closing") { $0.closing }
        .text("signer") { $0.signer }
        .html("qr") { $0.qr }
}

struct PublicSlipPage: Page {
    static let template = "slips/public"
    let layout: Layout
    let view: SlipView
    let backAddress: String
    static let fields = Fields<PublicSlipPage>().include(Layout.fields) { $0.layout }
        .include(SlipView.fields) { $0.view }.text("backAddress") { $0.backAddress }
}

struct DeskSlipPage: Page {
    static let template = "slips/desk"
    let layout: DeskLayout
    let view: SlipView
    let backAddress: String
    static let fields = Fields<DeskSlipPage>().include(DeskLayout.fields) { $0.layout }
        .include(SlipView.fields) { $0.view }.text("backAddress") { $0.backAddress }
}
