import FoundationEssentials
import HTTPWire
import Platform
import PublicService
import Store
import Web

/// Exactly the papers and fields that were asked for, nothing else.
extension Portal {
    func addSupplement(to routes: inout Routes) {
        routes.get("/ho-so/{code}/bo-sung") { [self] exchange in
            try await moving {
                let (dossier, key) = try await held(exchange)
                guard dossier.openSupplement != nil else {
                    throw Moved(to: "/ho-so/\(dossier.code)?khoa=\(key.rawValue)")
                }
                return render(supplementPage(dossier, key, exchange)).keptUncompressed()
            }
        }
        routes.post("/ho-so/{code}/bo-sung", rules: UploadLimits.rules(store)) { [self] in try await supplement($0, $1)
        }
        routes.get("/ho-so/{code}/rut") { [self] exchange in
            try await moving {
                let (dossier, key) = try await held(exchange)
                return render(withdrawPage(dossier, key, exchange)).keptUncompressed()
            }
        }
        routes.post("/ho-so/{code}/rut") { [self] in try await withdraw($0, $1) }
    }

    /// The dossier for the holder of its key.
    func held(_ exchange: Exchange, form: Web.Form? = nil) async throws -> (Dossier, LookupKey) {
        let (dossier, viewer) = try await viewed(exchange, form: form)
        guard case .holder(let key) = viewer else { throw Refused(.notFound, "needs the key") }
        return (dossier, key)
    }

    private func questions(_ dossier: Dossier) -> [Question] {
        let asked = dossier.openSupplement?.request.items.map(\.subject) ?? []
        let all = revision(of: dossier)?.form?.questions ?? []
        let answers = asked.compactMap { subject in
            subject.hasPrefix("answer:") ? all.first { $0.id == subject.dropFirst(7) } : nil
        }
        return answers + [
            Question("ghi-chu", .paragraph, messages.say("supplement.note"), optional: true, maximum: 1000)
        ]
    }

    private func supplement(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let (dossier, key) = try await held(exchange, form: form)
        let back = "/ho-so/\(dossier.code)?khoa=\(key.rawValue)"
        guard let open = dossier.openSupplement else { return .seeOther(LocalTarget(checking: back) ?? "/") }
        var errors: [String: String] = [:]
        var files: [Attachment] = []
        for item in open.request.items where !item.subject.hasPrefix("answer:") {
            let (taken, problems) = papers(
                form.files.filter { $0.fieldName == "tep-\(item.subject)" }, paper: item.subject)
            files += taken + kept(form["giu-\(item.subject)"], paper: item.subject, of: dossier)
            if !problems.isEmpty { errors[item.subject] = problems.joined(separator: " ") }
        }
        let questions = questions(dossier)
        let typed = typedValues(form, questions)
        var checked = check(questions, form)
        let note = checked.answers.removeValue(forKey: "ghi-chu")
        if errors.isEmpty, checked.defects.isEmpty, files.isEmpty, checked.answers.isEmpty, note == nil {
            for item in open.request.items { errors[item.subject] = messages.say("upload.noneToSend") }
        }
        guard errors.isEmpty, checked.defects.isEmpty else {
            var page = supplementPage(dossier, key, exchange, errors: errors, files: files)
            page.questions = views(questions, typed: typed.mapValues { $0.first ?? "" }, defects: checked.defects)
            page.layout.problems += problems(checked.defects, questions)
            return render(page, .unprocessableContent).keptUncompressed()
        }
        try await send(dossier, answers: checked.answers, files: files, note: note)
        return .seeOther(LocalTarget(checking: back) ?? "/")
    }

    private func send(_ dossier: Dossier, answers: [String: String], files: [Attachment], note: String?) async throws {
        let at = now
        let (clock, time) = (catalogue.clock, revision(of: dossier)?.time(for: dossier.submission.channel))
        _ = try await store.change(dossier.code, by: .citizen, at: at) { dossier, _ in
            try dossier.supplement(
                answers: answers, attachments: files, note: note, at: at, clock: clock, time: time)
        }
    }

    private func supplementPage(
        _ dossier: Dossier, _ key: LookupKey, _ exchange: Exchange, errors: [String: String] = [:],
        files: [Attachment] = []
    ) -> SupplementPage {
        let items = dossier.openSupplement?.request.items ?? []
        let rows = items.filter { !$0.subject.hasPrefix("answer:") }.map { item in
            let mine = files.filter { $0.paper == item.subject }
            return SupplementPage.Paper(
                id: item.subject, name: subject(item.subject, of: dossier), reason: item.reason,
                error: errors[item.subject] ?? "",
                kept: mine.map(\.name).joined(separator: ", "), seal: mine.isEmpty ? "" : seal(mine, of: dossier))
        }
        let problems = rows.filter { !$0.error.isEmpty }.map { Problem(anchor: "tep-\($0.id)", sentence: $0.error) }
        return SupplementPage(
            layout: layout(messages.say("title.supplement"), problems: problems), dossier: dossier, key: key,
            papers: rows,
            questions: views(questions(dossier), typed: dossier.answers), messages: messages, csrf: exchange.csrfToken()
        )
    }

    // Files that came with a defective form are stored already; the page carries them, sealed, so that nobody has to choose
    // them again and nobody can name another's paper.

    private func seal(_ files: [Attachment], of dossier: Dossier) -> String {
        guard let data = try? JSONEncoder().encode(files) else { return "" }
        let text = data.base64EncodedString()
        return text + "." + MessageAuthentication.sha256(key: sealKey, Array("\(dossier.id) \(text)".utf8)).hex
    }

    private func kept(_ sealed: String?, paper: String, of dossier: Dossier) -> [Attachment] {
        let parts = (sealed ?? "").split(separator: ".").map(String.init)
        guard parts.count == 2 else { return [] }
        let code = MessageAuthentication.sha256(key: sealKey, Array("\(dossier.id) \(parts[0])".utf8)).hex
        guard MessageAuthentication.equal(Array(code.utf8), Array(parts[1].utf8)),
            let data = Data(base64Encoded: parts[0]),
            let files = try? JSONDecoder().decode([Attachment].self, from: data)
        else { return [] }
        return files.filter { $0.paper == paper }
    }

    // MARK: Withdrawal

    private var withdrawQuestions: [Question] {
        [Question("ly-do", .paragraph, messages.say("withdraw.reason"), optional: true, maximum: 1000)]
    }

    private func withdrawPage(
        _ dossier: Dossier, _ key: LookupKey, _ exchange: Exchange, typed: String = "", defects: [AnswerDefect] = []
    ) -> WithdrawPage {
        let isAtOnce = BusinessState.beforeIntake.contains(dossier.state)
        return WithdrawPage(
            layout: layout(messages.say("title.withdraw"), problems: problems(defects, withdrawQuestions)),
            questions: views(withdrawQuestions, typed: ["ly-do": typed], defects: defects), dossier: dossier, key: key,
            explanation: messages.say(isAtOnce ? "withdraw.atOnce" : "withdraw.request"), csrf: exchange.csrfToken())
    }

    private func withdraw(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let (dossier, key) = try await held(exchange, form: form)
        let checked = check(withdrawQuestions, form)
        guard checked.defects.isEmpty else {
            let page = withdrawPage(dossier, key, exchange, typed: form["ly-do"] ?? "", defects: checked.defects)
            return render(page, .unprocessableContent).keptUncompressed()
        }
        let reason = checked.answers["ly-do"] ?? ""
        let at = now
        _ = try await store.change(dossier.code, by: .citizen, at: at) { dossier, _ in
            try dossier.withdraw(reason: reason)
        }
        return .seeOther(LocalTarget(checking: "/ho-so/\(dossier.code)?khoa=\(key.rawValue)") ?? "/")
    }
}

struct SupplementPage: Page {
    static let template = "public/supplement"
    var layout: Layout
    let dossier: Dossier
    let key: LookupKey
    let papers: [Paper]
    var questions: [QuestionView]
    let messages: Messages
    let csrf: String

    struct Paper: Sendable {
        let id, name, reason, error, kept, seal: String
        static let fields = Fields<Paper>().text("id") { $0.id }.text("name") { $0.name }.text("reason") { $0.reason }
            .text("error") { $0.error }.text("kept") { $0.kept }.text("seal") { $0.seal }
    }

    static let fields = Fields<SupplementPage>()
        .include(Layout.fields) { $0.layout }
        .text("code") { $0.dossier.code.rawValue }
        .text("key") { $0.key.rawValue }
        .text("backAddress") { "/ho-so/\($0.dossier.code)?khoa=\($0.key.rawValue)" }
        .text("action") { "/ho-so/\($0.dossier.code)/bo-sung" }
        .text("answerBy") { page in
            page.dossier.openSupplement.map { page.messages.time($0.request.answerBy) } ?? ""
        }
        .list("papers", Paper.fields) { $0.papers }
        .list("questions", QuestionView.fields) { $0.questions }
        .text("fileLimit") { $0.messages.size(UploadLimits.fileBytes) }
        .text("csrf") { $0.csrf }
}

struct WithdrawPage: Page {
    static let template = "public/withdraw"
    let layout: Layout
    let questions: [QuestionView]
    let dossier: Dossier
    let key: LookupKey
    let explanation: String
    let csrf: String

    static let fields = Fields<WithdrawPage>()
        .include(Layout.fields) { $0.layout }
        .text("code") { $0.dossier.code.rawValue }
        .text("key") { $0.key.rawValue }
        .text("backAddress") { "/ho-so/\($0.dossier.code)?khoa=\($0.key.rawValue)" }
        .text("action") { "/ho-so/\($0.dossier.code)/rut" }
        .text("explanation") { $0.explanation }
        .list("questions", QuestionView.fields) { $0.questions }
        .text("csrf") { $0.csrf }
}
