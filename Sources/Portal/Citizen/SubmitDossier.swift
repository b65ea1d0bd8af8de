import HTTPWire
import PublicService
import Store
import Web

/// Check everything, then hand it in once.
extension Portal {
    func reviewPage(_ exchange: Exchange) async throws -> Response {
        let view = try await draftView(exchange)
        return render(review(view, problems: [], exchange))
    }

    func submit(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let token = try exchange.parameter("token") { DraftToken($0) }
        // A double click, a reload or a replay finds the dossier of the first press.
        if let dossier = try await store.dossier(scope: "draft", key: token.digest) {
            return .seeOther(LocalTarget(checking: receiptAddress(of: dossier)) ?? "/")
        }
        let view = try await draftView(exchange)
        let problems = problems(before: view)
        guard problems.isEmpty, let delivery = view.draft.delivery else {
            return render(review(view, problems: problems, exchange), .unprocessableContent)
        }
        let submission = submission(
            view.procedure, view.form, answers: view.checked.answers, attachments: view.draft.files, delivery: delivery,
            id: view.draft.dossier, channel: .selfService)
        let outcome = try await handIn(
            submission, id: view.draft.dossier, scope: "draft", key: token.digest, digest: "draft", by: .citizen)
        switch outcome {
        case .created(let dossier), .already(let dossier):
            return .seeOther(LocalTarget(checking: receiptAddress(of: dossier)) ?? "/")
        case .conflict: throw Refused(.conflict, "submitted with another content")
        }
    }

    /// What a checked set of answers makes.
    func submission(
        _ procedure: Procedure, _ form: PublicService.Form, answers: [String: String], attachments: [Attachment],
        delivery: DeliveryChoice, id: DossierID, channel: Channel, partnerReference: String? = nil
    ) -> Submission {
        let asks = form.applicant
        return Submission(
            procedure: procedure.code, revision: procedure.revision,
            agencies: Agencies(helpedAt: agency.code, receivedAt: agency.code, decidedBy: agency.code),
            channel: channel,
            applicant: Applicant(
                name: answers[asks.name] ?? "", personalID: asks.personalID.flatMap { answers[$0] },
                phone: answers[asks.phone] ?? "", email: asks.email.flatMap { answers[$0] },
                address: asks.address.flatMap { answers[$0] }),
            answers: answers, attachments: attachments, delivery: delivery, fees: procedure.fees(for: answers),
            lookupKeyDigest: Store.digest(of: store.lookupKey(of: id)), partnerReference: partnerReference)
    }

    /// Hands it in once, with the moment by which the desk must answer: eight working hours. When `orders`, the order of
    /// payment for a fee that is due is made with it.
    func handIn(
        _ submission: Submission, id: DossierID, scope: String, key: String, digest: String, by actor: Actor,
        orders: Bool = false
    ) async throws -> SubmitOutcome {
        let at = now
        let answerBy: Instant
        do {
            answerBy = try catalogue.clock.due(received: LocalMinute(at), quantity: 8, unit: .workingHour).due.instant
        } catch {
            throw Refused(.serviceUnavailable, "the calendar does not know this day", retryAfterSeconds: 3600)
        }
        let outcome = try await store.submit(
            submission, id: id, scope: scope, key: key, requestDigest: digest, agency: submission.agencies.receivedAt,
            by: actor,
            at: at,
            follow: { dossier in
                guard orders, dossier.owesFee else { return [] }
                return try dossier.requestPayment(attempt: 1, at: at, expiresAt: at.adding(seconds: 15 * 60))
            }
        ) { SubmissionRecord(code: $0, submission: submission, intakeDueAt: answerBy) }
        if case .created = outcome { cache.drop(tag: Portal.figuresTag) }
        return outcome
    }

    private func problems(before view: DraftView) -> [Problem] {
        var problems = view.checked.defects.map { defect in
            let question = view.form.questions.first { $0.id == defect.question }
            let sentence = messages.sentence(defect.defect, question: question)
            return Problem(
                sentence: question.map { messages.say("review.defect", ["label": $0.label, "sentence": sentence]) }
                    ?? sentence)
        }
        problems += view.missingPapers.map { Problem(sentence: messages.say("upload.missing", ["name": $0.name])) }
        if view.draft.delivery == nil { problems.append(Problem(sentence: messages.say("delivery.missing"))) }
        return problems
    }

    /// What else may have to be paid: the authority says, so that the page never calls free what may not be.
    private func unpaid(_ procedure: Procedure) -> [String] {
        guard !procedure.fees.isEmpty else { return [messages.say("review.feeUnknown")] }
        return procedure.fees.filter { !$0.certain || $0.amount == nil }.map {
            messages.say("review.feeUnsure", ["line": summary($0)])
        }
    }

    private func review(_ view: DraftView, problems: [Problem], _ exchange: Exchange) -> ReviewPage {
        var sections: [AnswerSection] = []
        for stage in view.stages {
            switch stage {
            case .step(let index):
                let step = view.form.steps[index]
                let lines = step.questions.map { question in
                    let typed = view.draft.typed[question.id].flatMap { $0.isEmpty ? nil : $0 }
                    return AnswerSection.Line(
                        label: question.label, value: shown(view.checked.answers[question.id] ?? typed, question))
                }
                sections.append(AnswerSection(title: step.title, editAddress: view.address(of: stage), lines: lines))
            case .papers:
                let lines = view.draft.files.map { file in
                    AnswerSection.Line(label: file.name, value: messages.size(file.byteCount))
                }
                sections.append(
                    AnswerSection(
                        title: messages.say("stage.papers"), editAddress: view.address(of: stage), lines: lines))
            case .delivery:
                let choice = view.draft.delivery
                var lines = [
                    AnswerSection.Line(
                        label: messages.say("delivery.question"),
                        value: choice.map { messages.say("delivery.\($0.way.rawValue)") } ?? "")
                ]
                if let address = choice?.address {
                    lines.append(.init(label: messages.say("delivery.address"), value: address))
                }
                sections.append(
                    AnswerSection(
                        title: messages.say("stage.delivery"), editAddress: view.address(of: stage), lines: lines))
            case .review, .sheet: break
            }
        }
        return ReviewPage(
            layout: layout(messages.say("stage.review"), problems: problems), view: view, sections: sections,
            fees: view.procedure.fees(for: view.checked.answers), unpaid: unpaid(view.procedure), messages: messages,
            csrf: exchange.csrfToken())
    }
}

struct ReviewPage: Page {
    static let template = "public/review"
    let layout: Layout
    let view: DraftView
    let sections: [AnswerSection]
    let fees: [FeeLine]
    /// Fees that the portal does not charge because the source does not say for sure what they are.
    let unpaid: [String]
    let messages: Messages
    let csrf: String

    struct Fee: Sendable {
        let name, basis, exemption, unitAmount, quantity, amount: String
        static let fields = Fields<Fee>().text("name") { $0.name }.text("basis") { $0.basis }.text("exemption") {
            $0.exemption
        }
        .text("unitAmount") { $0.unitAmount }.text("quantity") { $0.quantity }.text("amount") { $0.amount }
    }

    static let fields = Fields<ReviewPage>()
        .include(Layout.fields) { $0.layout }
        .text("procedureName") { $0.view.procedure.name }
        .text("backAddress") { $0.view.previous(of: .review) }
        .list("sections", AnswerSection.fields) { $0.sections }
        .number("position") { $0.view.position(.review) }
        .number("count") { $0.view.stages.count }
        .flag("isFree") { $0.fees.isEmpty && $0.unpaid.isEmpty }
        .flag("hasFees") { !$0.fees.isEmpty }
        .list("unpaid", .itself) { $0.unpaid }
        .list("fees", Fee.fields) { page in
            page.fees.map { line in
                Fee(
                    name: line.name, basis: line.basis ?? "", exemption: line.exemption ?? "",
                    unitAmount: page.messages.money(line.unitAmount), quantity: String(line.quantity),
                    amount: page.messages.money(line.amount))
            }
        }
        .text("total") { $0.messages.money($0.fees.map(\.amount).reduce(.zero, +)) }
        .text("printAddress") { $0.view.path + "/to-khai" }
        .text("action") { $0.view.path + "/nop-ho-so" }
        .text("declaration") { $0.view.form.declaration ?? "" }
        .text("draftPath") { $0.view.path }
        .text("csrf") { $0.csrf }
}
