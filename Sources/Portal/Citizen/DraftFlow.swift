import HTTPWire
import PublicService
import Store
import Web

/// A draft with everything that its pages need.
struct DraftView: Sendable {
    let token: DraftToken
    let draft: Draft
    let procedure: Procedure
    let form: PublicService.Form
    let checked: CheckedAnswers

    /// A screen of the flow.
    enum Stage: Sendable, Hashable {
        case step(Int)
        case papers
        case delivery
        case review
        case sheet
    }

    /// The screens in order, as far as the answers tell.
    var stages: [Stage] {
        let steps = form.steps(for: checked.answers)
        let indexes = form.steps.indices.filter { index in steps.contains { $0.id == form.steps[index].id } }
        if draft.isForPrint { return indexes.map { .step($0) } + [.sheet] }
        return indexes.map { .step($0) } + (procedure.uploads.isEmpty ? [] : [.papers]) + [.delivery, .review]
    }

    var path: String { "/nop/\(token.text)" }

    func address(of stage: Stage) -> String {
        switch stage {
        case .step(let index): "\(path)/\(form.steps[index].id)"
        case .papers: "\(path)/giay-to"
        case .delivery: "\(path)/nhan-ket-qua"
        case .review: "\(path)/kiem-tra"
        case .sheet: "\(path)/to-khai"
        }
    }

    func next(after stage: Stage) -> String {
        let stages = stages
        guard let index = stages.firstIndex(of: stage), index + 1 < stages.count else { return path }
        return address(of: stages[index + 1])
    }

    func previous(of stage: Stage) -> String {
        let stages = stages
        guard let index = stages.firstIndex(of: stage), index > 0 else { return path }
        return address(of: stages[index - 1])
    }

    /// Whether a screen was gone through and still holds.
    func isDone(_ stage: Stage) -> Bool {
        switch stage {
        case .step(let index):
            let ids = Set(form.steps[index].questions.map(\.id))
            return draft.doneSteps.contains(form.steps[index].id)
                && !checked.defects.contains { ids.contains($0.question) }
        case .papers: return missingPapers.isEmpty && draft.doneSteps.contains("giay-to")
        case .delivery: return draft.delivery != nil
        case .review, .sheet: return false
        }
    }

    /// Whether something of a screen is there that is not done.
    func isStarted(_ stage: Stage) -> Bool {
        switch stage {
        case .step(let index): form.steps[index].questions.contains { draft.typed[$0.id]?.isEmpty == false }
        case .papers: !draft.files.isEmpty
        case .delivery: draft.typed["cach_nhan"]?.isEmpty == false
        case .review, .sheet: false
        }
    }

    /// Papers that must be uploaded and are not.
    var missingPapers: [Requirement] {
        procedure.uploads.filter { item in item.upload == .required && !draft.files.contains { $0.paper == item.id } }
    }

    var position: (Stage) -> Int { { stage in (stages.firstIndex(of: stage) ?? 0) + 1 } }
}

extension Portal {
    static let draftDays = Store.draftDays

    func addDrafts(to routes: inout Routes) {
        // Starting is a POST of its own without cookie: it only makes an empty draft at an unguessable address.
        routes.program(.post, "/thu-tuc/{code}/nop", bodyLimit: 1024) { [self] in try await start($0, isForPrint: false)
        }
        routes.program(.post, "/thu-tuc/{code}/dien-va-in", bodyLimit: 1024) { [self] in
            try await start($0, isForPrint: true)
        }
        routes.get("/nop/{token}") { [self] exchange in try await moving { try await draftPage(exchange) } }
        routes.get("/nop/{token}/to-khai") { [self] exchange in try await moving { try await filledSheet(exchange) } }
        routes.get("/nop/{token}/giay-to") { [self] exchange in try await moving { try await papersPage(exchange) } }
        routes.post("/nop/{token}/giay-to") { [self] exchange, form in
            try await moving { try await leavePapers(exchange, form) }
        }
        routes.post("/nop/{token}/giay-to/tai-len", rules: UploadLimits.rules(store)) { [self] exchange, form in
            try await moving { try await upload(exchange, form) }
        }
        routes.post("/nop/{token}/giay-to/xoa") { [self] exchange, form in
            try await moving { try await removePaper(exchange, form) }
        }
        routes.get("/nop/{token}/nhan-ket-qua") { [self] exchange in
            try await moving { try await deliveryPage(exchange) }
        }
        routes.post("/nop/{token}/nhan-ket-qua") { [self] exchange, form in
            try await moving { try await chooseDelivery(exchange, form) }
        }
        routes.get("/nop/{token}/kiem-tra") { [self] exchange in try await moving { try await reviewPage(exchange) } }
        routes.post("/nop/{token}/nop-ho-so") { [self] exchange, form in
            try await moving { try await submit(exchange, form) }
        }
        addDraftDoor(to: &routes)
        routes.get("/nop/{token}/{step}") { [self] exchange in try await moving { try await stepPage(exchange) } }
        routes.post("/nop/{token}/{step}") { [self] exchange, form in
            try await moving { try await answerStep(exchange, form) }
        }
    }

    private func start(_ exchange: Exchange, isForPrint: Bool) async throws -> Response {
        try throttles.writing.require(exchange.peer.subscriber)
        let procedure = try procedure(exchange)
        guard let form = procedure.form, isForPrint || procedure.takesSubmissions, let first = form.steps.first else {
            throw Refused(.notFound, "no form")
        }
        let token = DraftToken()
        try await store.add(
            Draft(
                dossier: Store.newID(at: now), procedure: procedure.code, revision: procedure.revision,
                isForPrint: isForPrint, at: now), token)
        return .seeOther("/nop/\(token.text)/\(first.id)")
    }

    /// The draft behind the address. 410 when it is gone; a submitted one leads to its receipt.
    func draftView(_ exchange: Exchange) async throws -> DraftView {
        let token = try exchange.parameter("token") { DraftToken($0) }
        guard let draft = try await store.draft(token, at: now) else { throw Refused(.gone, "no such draft") }
        guard let procedure = catalogue.procedure(draft.procedure, revision: draft.revision), let form = procedure.form
        else { throw Refused(.gone, "the revision is no longer published") }
        if let dossier = try await store.dossier(scope: "draft", key: token.digest) {
            throw Moved(to: receiptAddress(of: dossier))
        }
        let checked = form.check(draft.typed.mapValues { [$0] }, today: today)
        return DraftView(token: token, draft: draft, procedure: procedure, form: form, checked: checked)
    }

    func receiptAddress(of dossier: Dossier) -> String {
        "/ho-so/\(dossier.code)/bien-nhan?khoa=\(store.lookupKey(of: dossier.id).rawValue)"
    }
}

extension Portal {
    /// Carries out a handler whose page may have moved.
    func moving(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let moved as Moved {
            return .seeOther(LocalTarget(checking: moved.address) ?? "/")
        }
    }
}

/// Thrown where a page has moved for good reason: 303.
struct Moved: Error {
    let address: String

    init(to address: String) {
        self.address = address
    }
}
