import HTTPWire
import PublicService
import Store
import Web

/// The screen of papers: each file is kept at once.
extension Portal {
    func papersPage(_ exchange: Exchange) async throws -> Response {
        render(page(try await draftView(exchange), errors: [:], exchange))
    }

    func upload(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let view = try await draftView(exchange)
        let paper = form["giay"] ?? ""
        guard view.procedure.uploads.contains(where: { $0.id == paper }) else {
            throw Refused(.badRequest, "no such paper")
        }
        var (taken, problems) = papers(form.files, paper: paper)
        if form.files.isEmpty { problems.append(messages.say("upload.none")) }
        let files = view.draft.files
        var total = files.map(\.byteCount).reduce(0, +)
        var fitting: [Attachment] = []
        for file in taken where !files.contains(where: { $0.paper == paper && $0.digest == file.digest }) {
            total += file.byteCount
            if files.count + fitting.count < UploadLimits.files, total <= UploadLimits.totalBytes {
                fitting.append(file)
            } else {
                problems.append(messages.say("upload.tooMany", ["name": file.name]))
            }
        }
        taken = fitting
        let added = taken
        if !added.isEmpty { _ = try await store.change(view.token, at: now) { $0.files += added } }
        guard problems.isEmpty else {
            let changed = try await draftView(exchange)
            return render(
                page(changed, errors: [paper: problems.joined(separator: " ")], exchange), .unprocessableContent)
        }
        return .seeOther("/nop/\(view.token.text)/giay-to")
    }

    func removePaper(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let view = try await draftView(exchange)
        let (paper, digest) = (form["giay"] ?? "", form["tep"] ?? "")
        _ = try await store.change(view.token, at: now) { draft in
            draft.files.removeAll { $0.paper == paper && $0.digest.rawValue == digest }
        }
        return .seeOther("/nop/\(view.token.text)/giay-to")
    }

    func leavePapers(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let view = try await draftView(exchange)
        if form["viec"] == "luu" { return .seeOther("/nop/\(view.token.text)") }
        guard view.missingPapers.isEmpty else {
            let errors = view.missingPapers.map { ($0.id, messages.say("upload.missing", ["name": $0.name])) }
            let page = page(view, errors: Dictionary(errors) { first, _ in first }, exchange)
            return render(page, .unprocessableContent)
        }
        _ = try await store.change(view.token, at: now) { $0.doneSteps.insert("giay-to") }
        return .seeOther(LocalTarget(checking: view.next(after: .papers)) ?? "/")
    }

    private func page(_ view: DraftView, errors: [String: String], _ exchange: Exchange) -> PapersPage {
        let csrf = exchange.csrfToken()
        let rows = view.procedure.uploads.map { item in
            PapersPage.Paper(
                item: item,
                note: item.upload == .required
                    ? messages.plain(item.condition ?? "")
                    : messages.say("paper.optional", ["condition": messages.plain(item.condition ?? "")]),
                error: errors[item.id] ?? "",
                files: view.draft.files.filter { $0.paper == item.id }.map { FileRow($0, messages, view.path, csrf) },
                path: view.path, csrf: csrf)
        }
        let problems = rows.filter { !$0.error.isEmpty }.map {
            Problem(anchor: "giay-\($0.item.id)", sentence: $0.error)
        }
        return PapersPage(
            layout: layout(messages.say("stage.papers"), problems: problems), view: view, rows: rows,
            messages: messages,
            csrf: csrf)
    }
}

/// An uploaded file in a list.
struct FileRow: Sendable {
    let name, size, digest, paper, path, csrf: String

    init(_ file: Attachment, _ messages: Messages, _ path: String = "", _ csrf: String = "") {
        name = file.name
        size = messages.size(file.byteCount)
        digest = file.digest.rawValue
        paper = file.paper
        self.path = path
        self.csrf = csrf
    }

    static let fields = Fields<FileRow>().text("name") { $0.name }.text("size") { $0.size }.text("digest") { $0.digest }
        .text("paper") { $0.paper }.text("removeAddress") { $0.path + "/giay-to/xoa" }.text("csrf") { $0.csrf }
}

struct PapersPage: Page {
    static let template = "public/papers"
    let layout: Layout
    let view: DraftView
    let rows: [Paper]
    let messages: Messages
    let csrf: String

    struct Paper: Sendable {
        let item: Requirement
        let note: String
        let error: String
        let files: [FileRow]
        let path: String
        let csrf: String
        static let fields = Fields<Paper>()
            .text("id") { $0.item.id }.text("name") { $0.item.name }.text("note") { $0.note }.text("error") { $0.error }
            .list("files", FileRow.fields) { $0.files }.text("uploadAddress") { $0.path + "/giay-to/tai-len" }
            .text("csrf") { $0.csrf }
    }

    static let fields = Fields<PapersPage>()
        .include(Layout.fields) { $0.layout }
        .text("procedureName") { $0.view.procedure.name }
        .number("position") { $0.view.position(.papers) }
        .number("count") { $0.view.stages.count }
        .text("backAddress") { $0.view.previous(of: .papers) }
        .text("action") { $0.view.path + "/giay-to" }
        .list("papers", Paper.fields) { $0.rows }
        .text("fileLimit") { $0.messages.size(UploadLimits.fileBytes) }
        .text("totalLimit") { $0.messages.size(UploadLimits.totalBytes) }
        .number("countLimit") { _ in UploadLimits.files }
        .text("csrf") { $0.csrf }
}
