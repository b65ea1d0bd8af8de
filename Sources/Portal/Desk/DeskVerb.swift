import FoundationEssentials
import HTTPWire
import PublicService
import Store
import Web

/// Addresses of the verbs, short and without marks.
enum DeskVerb {
    private static let addresses: [Verb: String] = [
        .accept: "tiep-nhan", .requestSupplement: "yeu-cau-bo-sung", .refuse: "tu-choi", .handOver: "chuyen",
        .proposeResult: "trinh-ky", .sendBackResult: "tra-lai", .signResult: "ky", .issueResult: "phat-hanh",
        .returnResult: "tra-ket-qua", .extend: "gia-han", .agreeToWithdrawal: "dong-y-rut", .stop: "dung",
        .collectFee: "thu-phi",
    ]

    static func address(of verb: Verb) -> String { addresses[verb] ?? verb.rawValue }

    /// The verbs of officers; the citizen's own have no address at the desk.
    static var all: [Verb] { Verb.allCases.filter { !$0.roles.isEmpty } }
}

/// What an officer does to a dossier: one page and one POST a verb; the domain decides.
extension Portal {
    func addVerbs(to routes: inout Routes) {
        for verb in DeskVerb.all {
            let path = "/can-bo/ho-so/{code}/viec/" + DeskVerb.address(of: verb)
            let access = Access.officer(roles: Set(verb.roles.map(\.rawValue)))
            routes.get(path, access: access) { [self] exchange in
                let (dossier, _) = try await lawful(verb, exchange)
                return render(try await actPage(dossier, verb, exchange, typed: [:], defects: []))
            }
            // Only who proposes a result hands a file over.
            let rules = verb == .proposeResult ? UploadLimits.rules(store) : .plain
            routes.post(path, access: access, rules: rules) { [self] in try await act(verb, $0, $1) }
        }
    }

    /// The dossier, and in whose role; 403 or 409 with a page when the verb is not lawful now.
    private func lawful(_ verb: Verb, _ exchange: Exchange) async throws -> (Dossier, Actor) {
        let officer = try signedIn(exchange)
        let dossier = try await deskDossier(exchange)
        if let actor = officer.actor(for: verb, dossier) { return (dossier, actor) }
        await audit(.refused, exchange, about: "\(dossier.code) \(verb.rawValue)")
        let hasRole = !verb.roles.isDisjoint(with: officer.roles)
        throw Refused(hasRole ? .conflict : .forbidden, "\(verb.rawValue) is not lawful in \(dossier.state.rawValue)")
    }

    private func act(_ verb: Verb, _ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let (dossier, actor) = try await lawful(verb, exchange)
        guard case .officer(let officer, let role) = actor else { throw Refused(.forbidden, "no officer") }
        // The page always sends the version that it showed; a form without it, or with two, is not the page's.
        guard form.all("phien-ban").count == 1, form.all("digest").count <= 1,
            let version = Int(form["phien-ban"] ?? "")
        else { throw Refused(.badRequest, "no version") }
        let questions = try await questions(for: verb, dossier)
        let checked = check(questions, form)
        let typed = typedValues(form, questions).mapValues { $0.first ?? "" }
        guard checked.defects.isEmpty else {
            return render(
                try await actPage(dossier, verb, exchange, typed: typed, defects: checked.defects),
                .unprocessableContent)
        }
        let (file, uploadError) = verb == .proposeResult ? resultFile(form) : (nil, "")
        guard uploadError.isEmpty else {
            return render(
                try await actPage(dossier, verb, exchange, typed: typed, defects: [], uploadError: uploadError),
                .unprocessableContent)
        }
        let deed = Deed(
            verb: verb, officer: officer, role: role, at: now, answers: checked.answers, file: file,
            digest: form["digest"] ?? "", clock: catalogue.clock,
            time: revision(of: dossier)?.time(for: dossier.submission.channel),
            agency: agency.code)
        do {
            _ = try await store.change(dossier.code, expecting: version, by: actor, at: deed.at) {
                dossier, counters in
                try deed.events(dossier, counters)
            }
        } catch let refusal as DossierRefusal {
            await audit(.refused, exchange, about: "\(dossier.code) \(verb.rawValue)")
            // The law's reason on the same page, everything typed kept, whatever the status.
            let status: Status =
                switch refusal.kind {
                case .invalid: .unprocessableContent
                case .conflict: .conflict
                case .forbidden: .forbidden
                }
            let sentence = messages.say("refusal.\(refusal.key)")
            var page = try await actPage(dossier, verb, exchange, typed: typed, defects: [])
            page.layout.problems = [Problem(sentence: sentence)]
            return render(page, status)
        }
        await audit(.acted, exchange, about: "\(dossier.code) \(verb.rawValue)")
        if verb == .issueResult { cache.drop(tag: Portal.figuresTag) }
        return .seeOther("/can-bo/ho-so/\(dossier.code.rawValue)")
    }

    /// The one PDF of a proposed result, or the sentence that says what is wrong with what came.
    private func resultFile(_ form: Web.Form) -> (Attachment?, String) {
        let (files, problems) = papers(form.files, paper: "result")
        guard problems.isEmpty else { return (nil, problems.joined(separator: " ")) }
        guard let file = files.first else { return (nil, messages.say("upload.none")) }
        guard files.count == 1 else { return (nil, messages.say("upload.oneResult")) }
        guard file.contentType == "application/pdf" else { return (nil, messages.say("upload.resultPDF")) }
        return (file, "")
    }

    // MARK: What each verb asks

    private func questions(for verb: Verb, _ dossier: Dossier) async throws -> [Question] {
        let m = messages
        switch verb {
        case .accept:
            let isKnown = revision(of: dossier)?.time(for: dossier.submission.channel) != nil
            return isKnown ? [] : [Question("hen_tra", .text, m.say("act.appointed"), hint: m.say("due.received.hint"))]
        case .requestSupplement:
            let subjects = (revision(of: dossier)?.uploads ?? []).map {
                Question(
                    "sai_" + $0.id.replacing("-", with: "_"), .text, $0.name,
                    hint: m.say("act.reasonHint"), optional: true, maximum: 500)
            }
            let fields = (revision(of: dossier)?.form?.steps(for: dossier.answers).flatMap(\.questions) ?? []).map {
                Question(
                    "sai_tl_" + $0.id, .text, $0.label,
                    hint: m.say("act.answerHint", ["answer": shown(dossier.answers[$0.id], $0)]), optional: true,
                    maximum: 500)
            }
            var general = [
                Question("can_cu", .text, m.say("act.ground"), maximum: 500),
                Question(
                    "han_ngay", .number, m.say("act.answerDays"), hint: m.say("act.answerDaysHint"), minimum: 1,
                    maximum: 60),
            ]
            if !dossier.supplements.isEmpty {
                general.append(Question("vi_sao_lai", .paragraph, m.say("act.justification"), maximum: 1000))
            }
            return subjects + fields + general
        case .refuse, .stop:
            return [
                Question("ly_do", .paragraph, m.say("act.reason"), maximum: 2000),
                Question("can_cu", .text, m.say("act.ground"), maximum: 500),
            ]
        case .handOver:
            let options = try await store.officers().filter { $0.roles.contains(.professional) && !$0.isDisabled }
                .map { PublicService.Choice(value: $0.id.rawValue, label: $0.name) }
            return [
                Question("nguoi_nhan", .select, m.say("act.receiver"), options: options),
                Question("ghi_chu", .text, m.say("act.note"), optional: true, maximum: 500),
            ]
        case .proposeResult:
            return [
                Question("ten_ket_qua", .text, m.say("act.resultTitle"), maximum: 200),
                Question("ghi_chu", .text, m.say("act.note"), optional: true, maximum: 500),
            ]
        case .sendBackResult: return [Question("ly_do", .paragraph, m.say("act.reason"), maximum: 2000)]
        case .issueResult: return [Question("so", .text, m.say("act.number"), maximum: 60)]
        case .returnResult:
            let ways = DeliveryChoice.Way.allCases.map {
                PublicService.Choice(value: $0.rawValue, label: m.say("delivery.\($0.rawValue)"))
            }
            return [
                Question("cach", .choice, m.say("act.way"), options: ways),
                Question("nguoi_nhan", .personName, m.say("act.receivedBy")),
                Question("bang_chung", .text, m.say("act.proof"), hint: m.say("act.proofHint"), maximum: 200),
            ]
        case .extend:
            return [
                Question("ly_do", .paragraph, m.say("act.reason"), maximum: 2000),
                Question("hen_moi", .text, m.say("act.newDue"), hint: m.say("due.received.hint")),
            ]
        case .collectFee: return [Question("bien_lai", .text, m.say("act.receipt"), maximum: 60)]
        case .signResult, .agreeToWithdrawal, .supplement, .withdraw, .pay: return []
        }
    }

    private func actPage(
        _ dossier: Dossier, _ verb: Verb, _ exchange: Exchange, typed: [String: String], defects: [AnswerDefect],
        uploadError: String = ""
    ) async throws -> ActPage {
        let questions = try await questions(for: verb, dossier)
        var problems = problems(defects, questions)
        if !uploadError.isEmpty { problems.append(Problem(anchor: "tep", sentence: uploadError)) }
        var shownTyped = typed
        if verb == .proposeResult, typed.isEmpty {
            shownTyped["ten_ket_qua"] = revision(of: dossier)?.results.first ?? ""
        }
        if verb == .requestSupplement, typed.isEmpty { shownTyped["han_ngay"] = "5" }
        let explanation = messages.say(
            "act.\(verb.rawValue)",
            [
                "applicant": dossier.submission.applicant.name, "amount": messages.money(dossier.amountDue),
                "title": dossier.result?.draft.title ?? "",
            ])
        return ActPage(
            layout: deskLayout(messages.say("verb.\(verb.rawValue)"), exchange, problems: problems), dossier: dossier,
            verb: verb,
            explanation: explanation, questions: views(questions, typed: shownTyped, defects: defects),
            papersHeading: verb == .requestSupplement ? messages.say("act.papersHeading") : "",
            uploadLabel: messages.say("act.resultFile"), uploadError: uploadError)
    }
}

/// What an officer has decided, ready for the domain.
private struct Deed: Sendable {
    let verb: Verb
    let officer: OfficerID
    let role: Role
    let at: Instant
    let answers: [String: String]
    let file: Attachment?
    let digest: String
    let clock: OfficeClock
    let time: ProcessingTime?
    let agency: AgencyCode

    func events(_ dossier: Dossier, _ counters: Counters) throws -> [DossierEvent] {
        switch verb {
        case .accept:
            let year = LocalMinute(at).date.year
            let appointed = try answers["hen_tra"].map { try moment($0) }
            return try dossier.accept(
                by: officer, role: role, at: at, clock: clock, time: time,
                registerNumber: try counters.next("register:\(agency):\(year)"), appointed: appointed)
        case .requestSupplement: return try requestSupplement(dossier)
        case .refuse:
            return try dossier.refuse(by: officer, role: role, reasons: lines("ly_do"), ground: text("can_cu"), at: at)
        case .stop: return try dossier.stop(by: officer, role: role, reasons: lines("ly_do"), ground: text("can_cu"))
        case .handOver:
            guard let receiver = OfficerID(rawValue: text("nguoi_nhan")) else {
                throw DossierRefusal(.invalid, "notYourRole")
            }
            return try dossier.handOver(by: officer, role: role, to: receiver, note: answers["ghi_chu"])
        case .proposeResult:
            guard let file else { throw DossierRefusal(.invalid, "numberMissing") }
            let draft = ResultDraft(title: text("ten_ket_qua"), document: file, note: answers["ghi_chu"], grants: true)
            return try dossier.proposeResult(by: officer, role: role, draft: draft)
        case .sendBackResult: return try dossier.sendBackResult(by: officer, role: role, reason: text("ly_do"))
        case .signResult:
            guard let digest = ContentDigest(rawValue: digest) else { throw DossierRefusal(.conflict, "digestChanged") }
            return try dossier.signResult(by: officer, role: role, digest: digest)
        case .issueResult: return try dossier.issueResult(by: officer, role: role, number: text("so"))
        case .returnResult:
            let way = DeliveryChoice.Way(rawValue: text("cach")) ?? .desk
            let handing = ResultReturn(way: way, receivedBy: text("nguoi_nhan"), proof: text("bang_chung"))
            return try dossier.returnResult(by: .officer(officer, role), handing: handing)
        case .extend:
            return try dossier.extend(
                by: .officer(officer, role), reason: text("ly_do"), newDueAt: try moment(text("hen_moi")).instant,
                at: at)
        case .agreeToWithdrawal: return try dossier.agreeToWithdrawal(by: officer, role: role)
        case .collectFee: return try dossier.collectFee(by: officer, role: role, receipt: text("bien_lai"))
        case .supplement, .withdraw, .pay: throw DossierRefusal(.forbidden, "notYourRole")
        }
    }

    private func requestSupplement(_ dossier: Dossier) throws -> [DossierEvent] {
        let items = answers.keys.sorted().compactMap { key -> SupplementItem? in
            guard key.hasPrefix("sai_"), let reason = answers[key] else { return nil }
            let subject =
                key.hasPrefix("sai_tl_")
                ? "answer:" + key.dropFirst(7) : String(key.dropFirst(4)).replacing("_", with: "-")
            return SupplementItem(subject: subject, reason: reason)
        }
        guard let days = Int(text("han_ngay")) else { throw DossierRefusal(.invalid, "periodUnknown") }
        let answerBy: Instant
        do {
            answerBy = try clock.due(received: LocalMinute(at), quantity: days, unit: .workingDay).due.instant
        } catch {
            throw DossierRefusal(.invalid, "periodUnknown")
        }
        return try dossier.requestSupplement(
            by: officer, role: role, items: items, ground: text("can_cu"), answerBy: answerBy,
            justification: answers["vi_sao_lai"])
    }

    private func text(_ id: String) -> String { answers[id] ?? "" }

    private func lines(_ id: String) -> [String] {
        text(id).split(separator: "\n").map { $0.trimmed }.filter { !$0.isEmpty }
    }

    /// `dd/MM/yyyy HH:mm` or `yyyy-MM-dd HH:mm`.
    private func moment(_ text: String) throws -> LocalMinute {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" }).map(String.init)
        guard parts.count == 2, let date = try? DateInput.check(parts[0]),
            let minute = LocalMinute("\(date)T\(parts[1])")
        else {
            throw DossierRefusal(.invalid, "appointmentNeeded")
        }
        return minute
    }
}

struct ActPage: Page {
    static let template = "desk/act"
    var layout: DeskLayout
    let dossier: Dossier
    let verb: Verb
    let explanation: String
    let questions: [QuestionView]
    let papersHeading: String
    let uploadLabel: String
    let uploadError: String

    static let fields = Fields<ActPage>()
        .include(DeskLayout.fields) { $0.layout }
        .text("code") { $0.dossier.code.rawValue }
        .text("backAddress") { "/can-bo/ho-so/\($0.dossier.code)" }
        .text("heading") { $0.layout.pageTitle }
        .text("explanation") { $0.explanation }
        .text("action") { "/can-bo/ho-so/\($0.dossier.code)/viec/\(DeskVerb.address(of: $0.verb))" }
        .flag("hasUpload") { $0.verb == .proposeResult }
        .text("uploadLabel") { $0.uploadLabel }
        .text("uploadError") { $0.uploadError }
        .text("version") { String($0.dossier.version) }
        .text("digest") { $0.verb == .signResult ? $0.dossier.result?.draft.document.digest.rawValue ?? "" : "" }
        .text("document") { page in
            guard page.verb == .signResult, let result = page.dossier.result else { return "" }
            return "/can-bo/ho-so/\(page.dossier.code)/tep/\(result.draft.document.digest)"
        }
        .text("documentTitle") { $0.dossier.result?.draft.title ?? "" }
        .text("papersHeading") { $0.papersHeading }
        .list("questions", QuestionView.fields) { $0.questions }
}
