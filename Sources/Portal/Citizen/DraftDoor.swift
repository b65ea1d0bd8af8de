import FoundationEssentials
import HTTPWire
import PublicService
import Store
import Web

/// Coming back to a draft by its link, leaving a machine that others use, and removing a draft for good.
extension Portal {
    func addDraftDoor(to routes: inout Routes) {
        routes.get("/nop") { [self] exchange in openDraft(exchange) }
        routes.post("/nop/{token}/roi-may") { [self] exchange, _ in try await leaveMachine(exchange) }
        routes.get("/nop/{token}/xoa") { [self] exchange in
            try await moving {
                let view = try await draftView(exchange)
                return render(
                    RemoveDraftPage(
                        layout: layout(messages.say("title.removeDraft")), view: view, csrf: exchange.csrfToken()))
            }
        }
        routes.post("/nop/{token}/xoa") { [self] exchange, _ in try await removeDraft(exchange) }
    }

    /// The pasted link, or the end of it, leads to the draft.
    private func openDraft(_ exchange: Exchange) -> Response {
        let question = Question(
            "lien-ket", .text, messages.say("draft.link"), hint: messages.say("draft.link.hint"))
        let typed = exchange.query["lien-ket"]
        let last = (typed ?? "").components(separatedBy: "/nop/").last ?? ""
        let text = last.trimmed.split(separator: "/").first.map(String.init)
        if let token = text.flatMap({ DraftToken($0) }) { return .seeOther("/nop/\(token.text)") }
        let error = typed.map { messages.say($0.isEmpty ? "draft.link.missing" : "draft.link.unknown") } ?? ""
        let problems = error.isEmpty ? [] : [Problem(anchor: question.id, sentence: error)]
        return render(
            OpenDraftPage(
                layout: layout(messages.say("title.draft"), problems: problems),
                questions: [QuestionView(question: question, value: String((typed ?? "").prefix(4000)), error: error)]),
            error.isEmpty ? .ok : .unprocessableContent)
    }

    /// The draft stays; this browser forgets what it kept of it.
    private func leaveMachine(_ exchange: Exchange) async throws -> Response {
        exchange.setCookie(.removal(of: "form"))
        var response = render(
            MessagePage(
                layout: layout(messages.say("draft.left")), explanation: messages.say("draft.left.explanation"),
                detail: messages.say("draft.left.detail"), linkAddress: "/", linkText: messages.say("link.home")))
        response.fields.set(FieldName(unchecked: "Clear-Site-Data"), "\"cache\", \"cookies\", \"storage\"")
        return response
    }

    private func removeDraft(_ exchange: Exchange) async throws -> Response {
        let token = try exchange.parameter("token") { DraftToken($0) }
        try await store.remove(token)
        exchange.setCookie(.removal(of: "form"))
        return render(
            MessagePage(
                layout: layout(messages.say("draft.removed")), explanation: messages.say("draft.removed.explanation"),
                linkAddress: "/", linkText: messages.say("link.home")))
    }
}

/// Where a kept link is pasted.
struct OpenDraftPage: Page {
    static let template = "public/open-draft"
    let layout: Layout
    let questions: [QuestionView]

    static let fields = Fields<OpenDraftPage>()
        .include(Layout.fields) { $0.layout }
        .list("questions", QuestionView.fields) { $0.questions }
}

/// Asks before what cannot be undone.
struct RemoveDraftPage: Page {
    static let template = "public/remove-draft"
    let layout: Layout
    let view: DraftView
    let csrf: String

    static let fields = Fields<RemoveDraftPage>()
        .include(Layout.fields) { $0.layout }
        .text("procedureName") { $0.view.procedure.name }
        .text("backAddress") { $0.view.path }
        .text("csrf") { $0.csrf }
}
