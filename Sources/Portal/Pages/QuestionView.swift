import FoundationEssentials
import PublicService
import Web

/// A question as a page shows it: with what was typed and what is wrong.
struct QuestionView: Sendable {
    let question: Question
    let value: String
    let error: String

    struct Choice: Sendable {
        let id: String
        let value: String
        let label: String
        let chosen: Bool

        static let fields = Fields<Choice>().text("optionID") { $0.id }.text("value") { $0.value }
            .text("label") { $0.label }.flag("chosen") { $0.chosen }
    }

    static let fields = Fields<QuestionView>()
        .text("id") { $0.question.id }
        .text("label") { $0.question.label }
        .text("hint") { $0.question.hint ?? "" }
        .text("error") { $0.error }
        .text("value") { $0.value }
        .flag("optional") { $0.question.optional ?? false }
        .flag("isGroup") { $0.isGroup }
        .flag("isDate") { $0.question.kind == .date }
        .flag("isParagraph") { $0.question.kind == .paragraph }
        .flag("isSelect") { $0.question.kind == .select }
        .flag("isInput") { $0.isInput }
        .text("inputType") { $0.inputType }
        .text("inputMode") { $0.inputMode }
        .text("autocomplete") { $0.question.autocomplete ?? "" }
        .text("autocompleteDay") { $0.question.autocomplete == "bday" ? "bday-day" : "" }
        .text("describedBy") { $0.describedBy }
        .text("day") { $0.datePart(0) }
        .text("month") { $0.datePart(1) }
        .text("year") { $0.datePart(2) }
        .list("options", Choice.fields) { $0.isGroup ? $0.choices : [] }
        .list("choices", Choice.fields) { $0.isGroup ? [] : $0.choices }

    private var isGroup: Bool { [.date, .choice, .yesNo].contains(question.kind) }
    private var isInput: Bool { !isGroup && question.kind != .paragraph && question.kind != .select }

    private var inputType: String {
        switch question.kind {
        case .phone: "tel"
        case .email: "email"
        default: "text"
        }
    }

    private var inputMode: String {
        switch question.kind {
        case .personalID, .number: "numeric"
        default: ""
        }
    }

    private var describedBy: String {
        var ids: [String] = []
        if question.hint?.isEmpty == false { ids.append(question.id + "-goi-y") }
        if !error.isEmpty { ids.append(question.id + "-loi") }
        return ids.joined(separator: " ")
    }

    /// What was typed as `d/M/yyyy`, cut again; anything else stands in the first field, so that nothing is lost.
    private func datePart(_ index: Int) -> String {
        let parts = value.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { return index == 0 ? value : "" }
        return parts[index]
    }

    private var choices: [Choice] {
        (question.options ?? []).enumerated().map { index, option in
            // The first radio carries the question's own id, so that a link from the summary finds it.
            Choice(
                id: index == 0 ? question.id : "\(question.id)-\(option.value)", value: option.value,
                label: option.label,
                chosen: option.value == value)
        }
    }
}

extension Portal {
    /// Questions with what was typed and the sentence of each defect.
    func views(_ questions: [Question], typed: [String: String], defects: [AnswerDefect] = []) -> [QuestionView] {
        questions.map { question in
            let defect = defects.first { $0.question == question.id }?.defect
            return QuestionView(
                question: withOptions(question), value: typed[question.id] ?? "",
                error: defect.map { messages.sentence($0, question: question) } ?? "")
        }
    }

    /// Defects as the summary's lines.
    func problems(_ defects: [AnswerDefect], _ questions: [Question]) -> [Problem] {
        defects.map { defect in
            let question = questions.first { $0.id == defect.question }
            return Problem(anchor: defect.question, sentence: messages.sentence(defect.defect, question: question))
        }
    }

    /// Yes and no are choices with the portal's own words.
    func withOptions(_ question: Question) -> Question {
        guard question.kind == .yesNo else { return question }
        var copy = question
        copy.options = [
            PublicService.Choice(value: "yes", label: messages.say("yes")),
            PublicService.Choice(value: "no", label: messages.say("no")),
        ]
        return copy
    }

    /// An answer as people read it.
    func shown(_ answer: String?, _ question: Question) -> String {
        guard let answer else { return "" }
        if let option = withOptions(question).options?.first(where: { $0.value == answer }) { return option.label }
        if question.kind == .date, let date = LocalDate(answer) { return date.shown }
        return answer
    }
}

extension Question {
    /// A question of the portal's own forms.
    init(
        _ id: String, _ kind: Kind, _ label: String, hint: String? = nil, optional: Bool = false,
        options: [PublicService.Choice]? = nil, minimum: Int? = nil, maximum: Int? = nil
    ) {
        self.init(
            id: id, kind: kind, label: label, hint: hint, optional: optional, autocomplete: nil, options: options,
            minimum: minimum, maximum: maximum, range: nil, messages: nil)
    }
}

/// What was typed in a form, dates put together from their three fields.
func typedValues(_ form: Web.Form, _ questions: [Question]) -> [String: [String]] {
    var typed: [String: [String]] = [:]
    for question in questions {
        if question.kind == .date {
            let parts = ["_ngay", "_thang", "_nam"].map { form.all(question.id + $0) }
            if parts.contains(where: { $0.count > 1 }) {
                typed[question.id] = ["", ""]
            } else {
                let text = parts.map { ($0.first ?? "").trimmed }
                // A whole date typed into the first field is as good as three fields.
                let isWhole = text[1].isEmpty && text[2].isEmpty
                typed[question.id] = [isWhole ? text[0] : text.joined(separator: "/")]
            }
        } else {
            typed[question.id] = form.all(question.id)
        }
    }
    return typed
}
