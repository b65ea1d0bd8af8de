import FoundationEssentials
import HTTPWire
import PublicService
import Store
import Web

/// Feedback, the public figures, the due-date calculator.
extension Portal {
    func addPublicAccount(to routes: inout Routes) {
        routes.get("/gop-y") { [self] exchange in
            render(
                FeedbackPage(
                    layout: layout(messages.say("title.feedback")), questions: views(feedbackQuestions, typed: [:]),
                    csrf: exchange.csrfToken()))
        }
        routes.post("/gop-y") { [self] in try await takeFeedback($0, $1) }
        routes.get("/tinh-ngay-hen") { [self] exchange in duePage(exchange) }
    }

    /// Says when it was made: until something changes these are the figures, however long it is kept.
    func transparencyPage() async throws -> [UInt8] {
        // Asked before the store is, so that nothing that happened until then is missing.
        let at = now
        var months = try await store.months(agency: agency.code)
        if months.isEmpty { months = [MonthFigures(month: today.monthText)] }
        return pages.render(
            TransparencyPage(
                layout: layout(messages.say("title.transparency")), months: months, asOf: messages.time(at)))
    }

    private var feedbackQuestions: [Question] {
        [
            Question("noi_dung", .paragraph, messages.say("feedback.text"), maximum: 4000),
            Question(
                "lien_lac", .text, messages.say("feedback.contact"), hint: messages.say("feedback.contact.hint"),
                optional: true),
        ]
    }

    private func takeFeedback(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        try throttles.writing.require(exchange.peer.subscriber)
        let questions = feedbackQuestions
        let checked = check(questions, form)
        guard checked.defects.isEmpty else {
            let typed = typedValues(form, questions).mapValues { $0.first ?? "" }
            let page = FeedbackPage(
                layout: layout(messages.say("title.feedback"), problems: problems(checked.defects, questions)),
                questions: views(questions, typed: typed, defects: checked.defects), csrf: exchange.csrfToken())
            return render(page, .unprocessableContent)
        }
        try await store.addFeedback(
            topic: "gop-y", text: checked.answers["noi_dung"] ?? "", contact: checked.answers["lien_lac"] ?? "", at: now
        )
        return render(
            MessagePage(
                layout: layout(messages.say("feedback.thanks")),
                explanation: messages.say("feedback.thanks.explanation"),
                linkAddress: "/", linkText: messages.say("link.home")))
    }

    /// Checks the portal's own questions.
    func check(_ questions: [Question], _ form: Web.Form) -> CheckedAnswers {
        let typed = typedValues(form, questions)
        var checked = CheckedAnswers(answers: [:], defects: [])
        for question in questions {
            do throws(TextDefect) {
                if let answer = try withOptions(question).check(typed[question.id] ?? [], today: today) {
                    checked.answers[question.id] = answer
                }
            } catch {
                checked.defects.append(AnswerDefect(question: question.id, defect: error))
            }
        }
        return checked
    }

    // MARK: Due dates

    private func duePage(_ exchange: Exchange) -> Response {
        let units = [ProcessingTime.Unit.workingDay, .calendarDay, .workingHour, .sameDay].map {
            PublicService.Choice(value: $0.rawValue, label: messages.say("unit.name.\($0.rawValue)"))
        }
        let questions = [
            Question("nhan_luc", .text, messages.say("due.received"), hint: messages.say("due.received.hint")),
            Question("so_luong", .number, messages.say("due.quantity")),
            Question("don_vi", .select, messages.say("due.unit"), options: units),
        ]
        var typed: [String: String] = [:]
        for question in questions { typed[question.id] = exchange.query[question.id] ?? "" }
        guard !exchange.query.pairs.isEmpty else {
            return render(
                DuePage(
                    layout: layout(messages.say("title.due")), questions: views(questions, typed: typed), answer: nil))
        }
        do throws(DueQuestion.Refusal) {
            for question in questions where exchange.query.all(question.id).count > 1 {
                throw DueQuestion.Refusal(field: question.id, key: "repeated")
            }
            let asked = try DueQuestion(
                received: typed["nhan_luc"].map(machineMinute), quantity: typed["so_luong"],
                unit: typed["don_vi"], pauses: nil)
            let due = try asked.answer(catalogue.clock)
            let answer = DuePage.Answer(due: messages.time(due.due.instant), reasons: due.because.map { words($0) })
            return render(
                DuePage(
                    layout: layout(messages.say("title.due")), questions: views(questions, typed: typed), answer: answer
                ))
        } catch {
            let sentence = messages.say("due.\(error.key)")
            let problem = Problem(anchor: error.field, sentence: sentence)
            let beside = questions.map { question in
                QuestionView(
                    question: question, value: typed[question.id] ?? "",
                    error: question.id == error.field ? sentence : "")
            }
            return render(
                DuePage(
                    layout: layout(messages.say("title.due"), problems: [problem]),
                    questions: beside, answer: nil),
                .unprocessableContent)
        }
    }

    /// `30/11/2026 16:30` as the calculator reads it; anything else as it was typed.
    private func machineMinute(_ typed: String) -> String {
        let parts = typed.split { $0 == " " || $0 == "T" }.map(String.init)
        guard parts.count == 2 else { return typed }
        let date = parts[0].split { "/-.".contains($0) }.map(String.init)
        guard date.count == 3, date[2].count == 4 else { return parts.joined(separator: "T") }
        let padded = { (text: String) in text.count == 1 ? "0" + text : text }
        return "\(date[2])-\(padded(date[1]))-\(padded(date[0]))T\(parts[1])"
    }

    /// A reason as a sentence.
    func words(_ reason: DueReason) -> String {
        switch reason {
        case .starts(let minute, let isMoved):
            messages.say(isMoved ? "because.startsLater" : "because.starts", ["time": messages.time(minute.instant)])
        case .holiday(let date, let name): messages.say("because.holiday", ["date": date.shown, "name": name])
        case .swappedOff(let date): messages.say("because.swappedOff", ["date": date.shown])
        case .swappedOn(let date): messages.say("because.swappedOn", ["date": date.shown])
        case .paused(let minutes): messages.say("because.paused", ["minutes": String(minutes)])
        case .afterSameDayHour: messages.say("because.afterSameDayHour")
        case .movedToWorkingDay: messages.say("because.movedToWorkingDay")
        case .due(let minute): messages.say("because.due", ["time": messages.time(minute.instant)])
        }
    }
}

/// A question to the calendar, from a page or a program.
struct DueQuestion {
    /// Why it is not answered: the field, and the key of the sentence.
    struct Refusal: Error {
        let field: String
        let key: String
    }

    let received: LocalMinute
    let quantity: Int
    let unit: ProcessingTime.Unit
    let pauses: [Pause]

    init(received: String?, quantity: String?, unit: String?, pauses: String?) throws(Refusal) {
        guard let minute = received.flatMap({ LocalMinute($0) }) else {
            throw Refusal(field: "nhan_luc", key: "badReceived")
        }
        guard let text = quantity, text.utf8.count <= 6, text.utf8.allSatisfy({ (48...57).contains($0) }),
            let number = Int(text), number >= 1
        else { throw Refusal(field: "so_luong", key: "badQuantity") }
        guard let known = unit.flatMap({ ProcessingTime.Unit(rawValue: $0) }), known != .other else {
            throw Refusal(field: "don_vi", key: "badUnit")
        }
        self.received = minute
        self.quantity = number
        self.unit = known
        var parsed: [Pause] = []
        let given = pauses.map { $0.isEmpty ? [] : $0.split(separator: ",", omittingEmptySubsequences: false) } ?? []
        for part in given.prefix(101) {
            let ends = part.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard ends.count == 2, let start = LocalMinute(ends[0]), let end = LocalMinute(ends[1]), parsed.count < 100
            else {
                throw Refusal(field: "pauses", key: "badPause")
            }
            parsed.append(Pause(start: start.instant, end: end.instant))
        }
        self.pauses = parsed
    }

    func answer(_ clock: OfficeClock) throws(Refusal) -> DueDate {
        do throws(CalendarRefusal) {
            return try clock.due(received: received, quantity: quantity, unit: unit, pauses: pauses)
        } catch {
            switch error {
            case .quantity: throw Refusal(field: "so_luong", key: "badQuantity")
            case .beyondKnownYears, .beforeKnownYears: throw Refusal(field: "nhan_luc", key: "unknownYear")
            case .pauseEndsBeforeItStarts: throw Refusal(field: "pauses", key: "badPause")
            }
        }
    }
}

struct FeedbackPage: Page {
    static let template = "public/feedback"
    let layout: Layout
    let questions: [QuestionView]
    let csrf: String
    static let fields = Fields<FeedbackPage>().include(Layout.fields) { $0.layout }
        .list("questions", QuestionView.fields) { $0.questions }.text("csrf") { $0.csrf }
}

struct TransparencyPage: Page {
    static let template = "public/transparency"
    let layout: Layout
    let months: [MonthFigures]
    let asOf: String

    private static let monthFields = Fields<MonthFigures>().text("month") { $0.month }
        // "2026-11" as people write it.
        .text("shown") { $0.month.split(separator: "-").reversed().joined(separator: "/") }
        .number("received") { $0.received }.number("finished") { $0.finished }.number("onTime") { $0.onTime }.number(
            "late"
        ) { $0.late }
    static let fields = Fields<TransparencyPage>().include(Layout.fields) { $0.layout }
        .list("months", monthFields) { $0.months }.text("asOf") { $0.asOf }
}

struct DuePage: Page {
    static let template = "public/due"
    let layout: Layout
    let questions: [QuestionView]
    let answer: Answer?

    struct Answer: Sendable {
        let due: String
        let reasons: [String]
        static let fields = Fields<Answer>().text("due") { $0.due }.list("reasons", .itself) { $0.reasons }
    }

    static let fields = Fields<DuePage>().include(Layout.fields) { $0.layout }
        .list("questions", QuestionView.fields) { $0.questions }.section("answer", Answer.fields) { $0.answer }
}
