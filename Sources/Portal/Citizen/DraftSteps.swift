import FoundationEssentials
import HTTPWire
import PublicService
import Store
import Web

/// Screens of questions.
extension Portal {
    static let draftPages: [any Page.Type] = [
        DraftPage.self, StepPage.self, PapersPage.self, ReviewPage.self, OpenDraftPage.self, RemoveDraftPage.self,
    ]

    func draftPage(_ exchange: Exchange) async throws -> Response {
        let view = try await draftView(exchange)
        let tasks = view.stages.map { stage in
            DraftPage.Task(
                address: view.address(of: stage), title: title(of: stage, view),
                status: messages.say(
                    view.isDone(stage) ? "task.done" : view.isStarted(stage) ? "task.started" : "task.open"))
        }
        let next = view.stages.first { !view.isDone($0) } ?? .review
        let address = settings.publicURL + view.path
        return render(
            DraftPage(
                layout: layout(messages.say("title.draft")), view: view, tasks: tasks,
                nextAddress: view.address(of: next),
                draftAddress: address, code: try qr(address),
                expires: LocalMinute(view.draft.updatedAt).date.adding(days: Portal.draftDays).shown,
                status: messages.say("status.draft"), statusMeaning: messages.say("status.draft.meaning"),
                csrf: exchange.csrfToken()))
    }

    func title(of stage: DraftView.Stage, _ view: DraftView) -> String {
        switch stage {
        case .step(let index): view.form.steps[index].title
        case .papers: messages.say("stage.papers")
        case .delivery: messages.say("stage.delivery")
        case .review: messages.say("stage.review")
        case .sheet: messages.say("stage.sheet")
        }
    }

    private func step(_ exchange: Exchange, _ view: DraftView) throws -> (Int, FormStep) {
        let id = exchange.parameter("step")
        guard let index = view.form.steps.firstIndex(where: { $0.id == id }) else {
            throw Refused(.notFound, "no such step")
        }
        return (index, view.form.steps[index])
    }

    func stepPage(_ exchange: Exchange) async throws -> Response {
        let view = try await draftView(exchange)
        let (index, step) = try step(exchange, view)
        return render(page(view, index, step, typed: view.draft.typed, defects: [], exchange))
    }

    func answerStep(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let view = try await draftView(exchange)
        let (index, step) = try step(exchange, view)
        let typed = typedValues(form, step.questions)
        let checked = view.form.check(step, typed, today: today)
        let isDone = checked.defects.isEmpty
        let kept = kept(typed)
        let stepID = step.id
        _ = try await store.change(view.token, at: now) { draft in
            draft.typed.merge(kept) { $1 }
            if isDone { draft.doneSteps.insert(stepID) } else { draft.doneSteps.remove(stepID) }
        }
        if let left = leaving(view, form) { return left }
        guard isDone else {
            return render(
                page(view, index, step, typed: kept, defects: checked.defects, exchange), .unprocessableContent)
        }
        let next = try await draftView(exchange).next(after: .step(index))
        return .seeOther(LocalTarget(checking: next) ?? "/")
    }

    /// "Save and leave", or the page's script that keeps what is being typed; nil for "go on".
    private func leaving(_ view: DraftView, _ form: Web.Form) -> Response? {
        switch form["viec"] {
        case "luu": .seeOther("/nop/\(view.token.text)")
        case "tu-luu": Response(.noContent)
        default: nil
        }
    }

    /// Whatever was typed is kept, right or wrong; only its length has a bound.
    private func kept(_ typed: [String: [String]]) -> [String: String] {
        typed.mapValues { String(($0.first ?? "").composed.prefix(4000)) }
    }

    private func page(
        _ view: DraftView, _ index: Int, _ step: FormStep, typed: [String: String], defects: [AnswerDefect],
        _ exchange: Exchange
    ) -> StepPage {
        let stage = DraftView.Stage.step(index)
        return StepPage(
            layout: layout(step.title, problems: problems(defects, step.questions)), procedureName: view.procedure.name,
            heading: step.title, hint: step.hint ?? "", position: view.position(stage), count: view.stages.count,
            backAddress: view.previous(of: stage), action: view.address(of: stage),
            questions: views(step.questions, typed: typed, defects: defects), csrf: exchange.csrfToken())
    }

    // MARK: How the result is to come

    private var deliveryQuestions: [Question] {
        let ways = DeliveryChoice.Way.allCases.map {
            PublicService.Choice(value: $0.rawValue, label: messages.say("delivery.\($0.rawValue)"))
        }
        return [
            Question("cach_nhan", .choice, messages.say("delivery.question"), options: ways),
            Question(
                "dia_chi_nhan", .address, messages.say("delivery.address"), hint: messages.say("delivery.address.hint"),
                optional: true),
        ]
    }

    func deliveryPage(_ exchange: Exchange) async throws -> Response {
        let view = try await draftView(exchange)
        return render(deliveryPage(view, view.draft.typed, [], exchange))
    }

    private func deliveryPage(
        _ view: DraftView, _ typed: [String: String], _ defects: [AnswerDefect], _ exchange: Exchange
    ) -> StepPage {
        let questions = deliveryQuestions
        return StepPage(
            layout: layout(messages.say("stage.delivery"), problems: problems(defects, questions)),
            procedureName: view.procedure.name, heading: messages.say("stage.delivery"), hint: "",
            position: view.position(.delivery), count: view.stages.count, backAddress: view.previous(of: .delivery),
            action: view.address(of: .delivery), questions: views(questions, typed: typed, defects: defects),
            csrf: exchange.csrfToken())
    }

    func chooseDelivery(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let view = try await draftView(exchange)
        let questions = deliveryQuestions
        var checked = check(questions, form)
        let way = checked.answers["cach_nhan"].flatMap { DeliveryChoice.Way(rawValue: $0) }
        let address = checked.answers["dia_chi_nhan"]
        if way == .post, address == nil, checked.defects.isEmpty {
            checked.defects.append(AnswerDefect(question: "dia_chi_nhan", defect: .missing))
        }
        let choice = way.flatMap {
            checked.defects.isEmpty ? DeliveryChoice(way: $0, address: $0 == .post ? address : nil) : nil
        }
        let kept = kept(typedValues(form, questions))
        _ = try await store.change(view.token, at: now) { draft in
            draft.typed.merge(kept) { $1 }
            draft.delivery = choice
        }
        if let left = leaving(view, form) { return left }
        guard checked.defects.isEmpty else {
            return render(deliveryPage(view, kept, checked.defects, exchange), .unprocessableContent)
        }
        return .seeOther(LocalTarget(checking: view.next(after: .delivery)) ?? "/")
    }

    func filledSheet(_ exchange: Exchange) async throws -> Response {
        let view = try await draftView(exchange)
        return render(try sheet(view.procedure, view.form, answers: view.checked.answers, draft: view.token))
    }
}

/// The way back to a draft.
struct DraftPage: Page {
    static let template = "public/draft"
    let layout: Layout
    let view: DraftView
    let tasks: [Task]
    let nextAddress: String
    let draftAddress: String
    let code: SafeHTML
    let expires: String
    let status: String
    let statusMeaning: String
    let csrf: String

    struct Task: Sendable {
        let address, title, status: String
        static let fields = Fields<Task>().text("address") { $0.address }.text("title") { $0.title }.text("status") {
            $0.status
        }
    }

    static let fields = Fields<DraftPage>()
        .include(Layout.fields) { $0.layout }
        .text("procedureName") { $0.view.procedure.name }
        .text("draftAddress") { $0.draftAddress }
        .text("draftPath") { $0.view.path }
        .text("status") { $0.status }
        .text("statusMeaning") { $0.statusMeaning }
        .html("code") { $0.code }
        .list("tasks", Task.fields) { $0.tasks }
        .text("nextAddress") { $0.nextAddress }
        .text("expires") { $0.expires }
        .text("csrf") { $0.csrf }
}

/// One screen of questions.
struct StepPage: Page {
    static let template = "public/step"
    let layout: Layout
    let procedureName: String
    let heading: String
    let hint: String
    let position: Int
    let count: Int
    let backAddress: String
    let action: String
    let questions: [QuestionView]
    let csrf: String

    static let fields = Fields<StepPage>()
        .include(Layout.fields) { $0.layout }
        .text("procedureName") { $0.procedureName }
        .text("heading") { $0.heading }
        .text("hint") { $0.hint }
        .number("position") { $0.position }
        .number("count") { $0.count }
        .text("backAddress") { $0.backAddress }
        .text("action") { $0.action }
        .list("questions", QuestionView.fields) { $0.questions }
        .text("csrf") { $0.csrf }
}
