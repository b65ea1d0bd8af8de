import HTTPWire
import Platform
import PublicService
import Store
import Web

/// Who looks at a dossier from outside.
enum Viewer: Sendable, Hashable {
    /// Holds the lookup key: sees and does everything a citizen may.
    case holder(LookupKey)
    /// Knows the phone's last digits: sees state, steps and dates, no person.
    case phoneTail(String)

    /// Whether it may do what a citizen may.
    var isHolder: Bool { if case .holder = self { true } else { false } }

    /// The address's query.
    var query: String {
        switch self {
        case .holder(let key): "?khoa=\(key.rawValue)"
        case .phoneTail(let tail): "?duoi=\(tail)"
        }
    }
}

/// Following a dossier: the code and a second factor, never the code alone.
extension Portal {
    static let dossierPages: [any Page.Type] = [
        TrackPage.self, DossierPage.self, ReceiptPage.self, SupplementPage.self, WithdrawPage.self, PayReturnPage.self,
    ]

    func addTracking(to routes: inout Routes) {
        routes.get("/tra-cuu") { [self] exchange in
            render(trackPage(code: exchange.query["ma"] ?? "", exchange))
        }
        routes.post("/tra-cuu") { [self] in try await track($0, $1) }
        routes.get("/ho-so/{code}") { [self] in try await dossierPage($0) }
        routes.get("/ho-so/{code}/bien-nhan") { [self] in try await receiptPage($0) }
        routes.get("/ho-so/{code}/ket-qua") { [self] in try await downloadResult($0) }
        routes.post("/ho-so/{code}/da-nhan") { [self] in try await confirmReceipt($0, $1) }
    }

    /// The dossier that `exchange` may see. A wrong second factor and an unknown code are the same 404, and both are
    /// counted against the address.
    func viewed(_ exchange: Exchange, form: Web.Form? = nil) async throws -> (Dossier, Viewer) {
        let text = exchange.parameter("code").uppercased()
        if let raw = form?["khoa"] ?? exchange.query["khoa"] {
            if let found = try await find(code: text, key: raw) { return found }
        } else if let tail = exchange.query["duoi"] {
            if let found = try await find(code: text, tail: tail) { return found }
        } else {
            throw Moved(to: "/tra-cuu?ma=" + PercentEncoding.encode(text))
        }
        try throttles.tracking.require(exchange.peer.subscriber)
        throw Refused(.notFound, "unknown code or wrong second factor")
    }

    private func find(code: String, key: String) async throws -> (Dossier, Viewer)? {
        guard let key = LookupKey(rawValue: key), let code = DossierCode(rawValue: code) else { return nil }
        let dossier = try await store.dossier(code)
        // An unknown code costs the same comparison.
        let expected = dossier?.submission.lookupKeyDigest ?? String(repeating: "0", count: 64)
        let isRight = MessageAuthentication.equal(Array(Store.digest(of: key).utf8), Array(expected.utf8))
        guard isRight, let dossier else { return nil }
        return (dossier, .holder(key))
    }

    private func find(code: String, tail: String) async throws -> (Dossier, Viewer)? {
        guard let code = DossierCode(rawValue: code), tail.utf8.count == 3,
            tail.utf8.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        // A thousand tails are soon tried: five tries an hour or so for each dossier, right ones counted too.
        try throttles.phoneTail.require(code.rawValue)
        let dossier = try await store.dossier(code)
        let expected = String((dossier?.submission.applicant.phone ?? "----").suffix(3))
        let isRight = MessageAuthentication.equal(Array(tail.utf8), Array(expected.utf8))
        guard isRight, let dossier else { return nil }
        return (dossier, .phoneTail(tail))
    }

    private func track(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let code = (form["ma"] ?? "").filter { !$0.isWhitespace }.uppercased()
        let second = (form["khoa"] ?? "").filter { !$0.isWhitespace }
        var page = trackPage(code: String((form["ma"] ?? "").prefix(200)), exchange)
        page.key = String((form["khoa"] ?? "").prefix(200))
        if form.all("ma").count > 1 { page.codeError = messages.say("defect.repeated") }
        if form.all("khoa").count > 1 { page.keyError = messages.say("defect.repeated") }
        if code.isEmpty { page.codeError = messages.say("track.codeMissing") }
        if second.isEmpty { page.keyError = messages.say("track.keyMissing") }
        if page.codeError.isEmpty, page.keyError.isEmpty {
            try throttles.tracking.require(exchange.peer.subscriber)
            let isTail = second.utf8.count == 3 && second.utf8.allSatisfy { (48...57).contains($0) }
            let found = isTail ? try await find(code: code, tail: second) : try await find(code: code, key: second)
            if let (dossier, viewer) = found {
                return .seeOther(LocalTarget(checking: "/ho-so/\(dossier.code)" + viewer.query) ?? "/tra-cuu")
            }
            page.keyError = messages.say("track.unknown")
        }
        page.layout.problems = [("ma", page.codeError), ("khoa", page.keyError)].filter { !$0.1.isEmpty }
            .map { Problem(anchor: $0.0, sentence: $0.1) }
        return render(page, .unprocessableContent)
    }

    private func trackPage(code: String, _ exchange: Exchange) -> TrackPage {
        TrackPage(
            layout: layout(messages.say("title.track")), code: code, codeExample: codeExample,
            csrf: exchange.csrfToken())
    }

    private func dossierPage(_ exchange: Exchange) async throws -> Response {
        try await moving {
            let (dossier, viewer) = try await viewed(exchange)
            let (events, names) = try await store.history(of: dossier.id)
            // Whoever only knows the phone's tail sees roles, no names.
            let officers = viewer.isHolder ? names : [:]
            return render(
                DossierPage(
                    portal: self, layout: layout(messages.say("title.dossier", ["code": dossier.code.rawValue])),
                    dossier: dossier, events: events, viewer: viewer, now: now, officers: officers,
                    csrf: viewer.isHolder ? exchange.csrfToken() : "")
            ).keptUncompressed()
        }
    }

    private func receiptPage(_ exchange: Exchange) async throws -> Response {
        try await moving {
            let (dossier, viewer) = try await viewed(exchange)
            guard case .holder(let key) = viewer else { throw Refused(.notFound, "the receipt needs the key") }
            let address = "\(settings.publicURL)/ho-so/\(dossier.code)\(viewer.query)"
            return render(
                ReceiptPage(
                    portal: self, layout: layout(messages.say("title.receipt")), dossier: dossier, key: key,
                    qr: try qr(address), csrf: exchange.csrfToken())
            ).keptUncompressed()
        }
    }

    private func downloadResult(_ exchange: Exchange) async throws -> Response {
        try await moving {
            let (dossier, viewer) = try await viewed(exchange)
            guard case .holder = viewer, let result = dossier.result, result.issuedAt != nil, !dossier.owesFee else {
                throw Refused(.notFound, "no result to download")
            }
            return try await download(result.draft.document)
        }
    }

    /// A stored paper as a download that no browser runs (security requirement 31).
    func download(_ attachment: Attachment) async throws -> Response {
        guard let file = try await store.attachments.open(attachment.digest) else {
            logger.error("a paper is missing from the store", metadata: ["digest": "\(attachment.digest)"])
            throw Refused(.notFound, "paper missing")
        }
        var fields = HeaderFields()
        fields.append(.contentType, attachment.contentType)
        fields.append(.contentDisposition, ContentDisposition.value(type: "attachment", fileName: attachment.name))
        fields.append(.contentSecurityPolicy, "default-src 'none'; sandbox")
        fields.append(.cacheControl, "private, no-store")
        fields.append(.etag, "\"\(attachment.digest)\"")
        return Response(.ok, fields: fields, body: .file(WholeFile(file)))
    }

    /// The citizen has the result.
    private func confirmReceipt(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let (dossier, viewer) = try await viewed(exchange, form: form)
        guard case .holder = viewer else { throw Refused(.forbidden, "needs the key") }
        let name = dossier.submission.applicant.name
        let at = now
        _ = try await store.change(dossier.code, by: .citizen, at: at) { dossier, _ in
            try dossier.returnResult(
                by: .citizen, handing: ResultReturn(way: .online, receivedBy: name, proof: "lookup key"))
        }
        return .seeOther(LocalTarget(checking: "/ho-so/\(dossier.code)" + viewer.query) ?? "/")
    }
}

/// A whole stored file as a response body.
final class WholeFile: FileRegion {
    private let file: OpenFile
    var descriptor: Int32 { file.descriptor }
    var offset: Int64 { 0 }
    var byteCount: Int64 { file.size }

    init(_ file: OpenFile) { self.file = file }
}

struct TrackPage: Page {
    static let template = "public/track"
    var layout: Layout
    let code: String
    var key = ""
    var codeError = ""
    var keyError = ""
    let codeExample: String
    let csrf: String

    static let fields = Fields<TrackPage>()
        .include(Layout.fields) { $0.layout }
        .text("code") { $0.code }
        .text("key") { $0.key }
        .text("codeError") { $0.codeError }
        .text("keyError") { $0.keyError }
        .text("codeExample") { $0.codeExample }
        .text("csrf") { $0.csrf }
}

/// The proof of handing in.
struct ReceiptPage: Page {
    static let template = "public/receipt"
    let portal: Portal
    let layout: Layout
    let dossier: Dossier
    let key: LookupKey
    let qr: SafeHTML
    let csrf: String

    struct Payment: Sendable {
        let amount, purpose, payAddress, key, csrf: String
        static let fields = Fields<Payment>().text("amount") { $0.amount }.text("purpose") { $0.purpose }
            .text("payAddress") { $0.payAddress }.text("key") { $0.key }.text("csrf") { $0.csrf }
    }

    static let fields = Fields<ReceiptPage>()
        .include(Layout.fields) { $0.layout }
        .text("code") { $0.dossier.code.rawValue }
        .text("lookupKey") { $0.key.grouped }
        .html("qr") { $0.qr }
        .section("payment", Payment.fields) { $0.payment }
        .text("next") { page in
            page.portal.messages.say("receipt.next", ["time": page.portal.messages.time(page.dossier.intakeDueAt)])
        }
        .text("procedureName") { $0.portal.name(of: $0.dossier) }
        .text("applicant") { $0.dossier.submission.applicant.name }
        .text("submittedAt") { $0.portal.messages.time($0.dossier.submittedAt) }
        .text("submittedAtMachine") { LocalMinute($0.dossier.submittedAt).description }
        .flag("hasFiles") { !$0.dossier.submission.attachments.isEmpty }
        .list("files", FileRow.fields) { page in
            page.dossier.submission.attachments.map { FileRow($0, page.portal.messages) }
        }
        .text("trackAddress") { "/ho-so/\($0.dossier.code)?khoa=\($0.key.rawValue)" }

    private var payment: Payment? {
        guard dossier.owesFee, portal.settings.merchant != nil else { return nil }
        return Payment(
            amount: portal.messages.money(dossier.amountDue),
            purpose: dossier.submission.fees.map(\.name).joined(separator: "; "),
            payAddress: "/ho-so/\(dossier.code)/thanh-toan", key: key.rawValue, csrf: csrf)
    }
}

extension Portal {
    /// The procedure's name under the revision that the dossier stays with.
    func name(of dossier: Dossier) -> String {
        revision(of: dossier)?.name ?? dossier.submission.procedure.rawValue
    }

    func revision(of dossier: Dossier) -> Procedure? {
        catalogue.procedure(dossier.submission.procedure, revision: dossier.submission.revision)
    }
}
