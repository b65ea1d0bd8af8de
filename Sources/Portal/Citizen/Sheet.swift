import Documents
import PublicService
import Store
import Web

/// Level 2: a form as a printed sheet, blank or filled in.
struct SheetPage: Page {
    static let template = "public/form-sheet"
    let layout: Layout
    let explanation: String
    let backAddress: String
    let form: PublicService.Form
    let sections: [AnswerSection]
    let code: SafeHTML
    let procedure: Procedure

    static let fields = Fields<SheetPage>()
        .include(Layout.fields) { $0.layout }
        .text("backAddress") { $0.backAddress }
        .text("explanation") { $0.explanation }
        .text("formTitle") { $0.form.title }
        .text("addressee") { $0.form.addressee ?? "" }
        .text("declaration") { $0.form.declaration ?? "" }
        .list("sections", AnswerSection.fields) { $0.sections }
        .html("code") { $0.code }
        .text("procedureCode") { $0.procedure.code.rawValue }
        .text("revision") { $0.procedure.revision }
}

/// Answers under the heading of their screen.
struct AnswerSection: Sendable {
    struct Line: Sendable {
        let label: String
        let value: String
        static let fields = Fields<Line>().text("label") { $0.label }.text("value") { $0.value }
    }

    let title: String
    var editAddress = ""
    let lines: [Line]
    static let fields = Fields<AnswerSection>().text("title") { $0.title }.text("editAddress") { $0.editAddress }
        .list("lines", Line.fields) { $0.lines }
}

extension Portal {
    /// The sheet with `answers`; a draft's address stands on it as a QR, so that the desk need not type it again.
    func sheet(
        _ procedure: Procedure, _ form: PublicService.Form, answers: [String: String], draft: DraftToken?
    ) throws -> SheetPage {
        let steps = answers.isEmpty ? form.steps : form.steps(for: answers)
        let sections = steps.map { step in
            AnswerSection(
                title: step.title,
                lines: step.questions.map { question in
                    let isBlank = answers.isEmpty
                    return .init(
                        label: question.label, value: isBlank ? boxes(question) : shown(answers[question.id], question))
                })
        }
        let code = try draft.map { try qr("\(settings.publicURL)/nop/\($0.text)") } ?? SafeHTML(trusted: "")
        return SheetPage(
            layout: layout(form.title), explanation: messages.say(draft == nil ? "sheet.blank" : "sheet.filled"),
            backAddress: draft.map { "/nop/\($0.text)" } ?? address(of: procedure), form: form, sections: sections,
            code: code, procedure: procedure)
    }

    /// The answers to choose from, to be ticked by hand; empty for what is written.
    private func boxes(_ question: Question) -> String {
        (withOptions(question).options ?? []).map { messages.say("sheet.option", ["label": $0.label]) }
            .joined(separator: "   ")
    }

    /// A QR as inline SVG; its content is the program's own.
    func qr(_ text: String) throws -> SafeHTML {
        SafeHTML(trusted: try QRCode.svg(text, label: messages.say("qr.label")))
    }
}
