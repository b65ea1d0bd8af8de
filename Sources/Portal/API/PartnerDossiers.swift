import FoundationEssentials
import HTTPWire
import Platform
import PublicService
import Store
import Web

/// Partner systems hand dossiers in and ask for them.
extension Portal {
    /// A JSON body with papers in base64; larger papers are uploaded before.
    static let apiBodyLimit = 16 << 20
    /// How often a byte of it is in memory at most: as sent, as JSON's strings, as a paper's content. Two papers in 15 MB
    /// were measured with 3.1.
    private static let apiBodyWeight = 3
    /// The routes let larger bodies come, so that it is the handler that refuses them, at once and in JSON.
    private static let apiRouteLimit = 1 << 40

    func addPartnerDossiers(to routes: inout Routes) {
        routes.program(.post, "/api/v1/dossiers", access: .partner, bodyLimit: Portal.apiRouteLimit) { [self] in
            try await take($0)
        }
        routes.program(.get, "/api/v1/dossiers", access: .partner, bodyLimit: 0) { [self] in
            try await ownSubmissions($0)
        }
        routes.program(.get, "/api/v1/dossiers/{code}", bodyLimit: 0) { [self] in try await status($0) }
    }

    static func digest(of bytes: [UInt8]) -> String { SHA256.hash(bytes).hex }

    // MARK: Handing in

    private func take(_ exchange: Exchange) async throws -> Response {
        guard let partner = exchange.partner else { throw Refused(.unauthorized, "no partner") }
        guard isJSON(exchange) else { return apiRefusal(.unsupportedMediaType, "notJSON") }
        let keys = exchange.head.fields.values(of: FieldName(unchecked: "Idempotency-Key"))
        guard keys.count == 1, let key = keys.first, (1...200).contains(key.utf8.count),
            key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return apiRefusal("Idempotency-Key", "badKey", messages.say("api.badKey")) }
        guard isWithin(Portal.apiBodyLimit, exchange) else { return apiRefusal(.contentTooLarge, "bodyTooLarge") }
        return try await bodies.withShare(weight: Portal.apiBodyWeight) { share in
            let bytes = try await share.collect(exchange.body, upTo: Portal.apiBodyLimit)
            return try await take(bytes, key: key, by: partner, exchange)
        }
    }

    private func take(_ bytes: [UInt8], key: String, by partner: String, _ exchange: Exchange) async throws -> Response
    {
        let scope = "partner:\(partner)"
        let digest = Portal.digest(of: bytes)
        // What was answered once is answered the same, whatever the catalogue says by now. Handing in finds it as well, so
        // it is only looked for where a request would be refused, or papers kept, before.
        let earlier = { [self] () async throws -> Response? in
            guard let known = try await store.submission(scope: scope, key: key) else { return nil }
            return known.digest == digest
                ? apiResponse(receipt(known.dossier, exchange), .created) : apiRefusal(.conflict, "keyReused")
        }
        let body: APISubmission
        switch read(bytes) {
        case .success(let read): body = read
        case .failure(let refusal):
            return try await earlier() ?? apiRefusal(.badRequest, "badJSON", refusal.fields)
        }
        switch try await check(body, scope: scope) {
        case .failure(let refusal):
            return try await earlier() ?? apiRefusal(.unprocessableContent, "invalid", refusal.fields)
        case .success(let checked):
            if checked.papers.contains(where: \.isNew), let answer = try await earlier() { return answer }
            do {
                return try await take(checked, scope: scope, key: key, digest: digest, by: partner, exchange)
            } catch {
                // Reading goes on when the disk takes nothing.
                guard let answer = try await earlier() else { throw error }
                return answer
            }
        }
    }

    private func take(
        _ checked: CheckedSubmission, scope: String, key: String, digest: String, by partner: String,
        _ exchange: Exchange
    ) async throws -> Response {
        let id = Store.newID(at: now)
        let submission = submission(
            checked.procedure, checked.form, answers: checked.answers, attachments: try await keep(checked.papers),
            delivery: checked.delivery, id: id, channel: .partner, partnerReference: checked.reference)
        let outcome = try await handIn(
            submission, id: id, scope: scope, key: key, digest: digest, by: .partner(partner),
            orders: settings.merchant != nil)
        switch outcome {
        case .created(let dossier), .already(let dossier): return apiResponse(receipt(dossier, exchange), .created)
        case .conflict: return apiRefusal(.conflict, "keyReused")
        }
    }

    /// The body as a submission, or where it is none.
    private func read(_ bytes: [UInt8]) -> Result<APISubmission, SubmissionRefusal> {
        var wrong = APIDefects(messages)
        do throws(JSONDefect) {
            var reader = SubmissionReader()
            if let submission = reader.read(try JSONText.read(bytes)) { return .success(submission) }
            for defect in reader.defects { wrong.add(defect.path, defect.key) }
        } catch {
            let key = error.key == "badJSON" ? "badSyntax" : error.key
            wrong.add(error.path, key, ["offset": String(error.offset)])
        }
        return .failure(SubmissionRefusal(fields: wrong.fields))
    }

    /// `application/json`, in UTF-8 if it names a charset (RFC 8259 section 8.1).
    private func isJSON(_ exchange: Exchange) -> Bool {
        let fields = exchange.head.fields.values(of: .contentType)
        guard fields.count == 1, let type = MediaType(fields[0]), type.name == "application/json" else { return false }
        return ["utf-8", nil].contains(type.parameter("charset")?.lowercased())
    }

    private func isWithin(_ limit: Int, _ exchange: Exchange) -> Bool {
        (exchange.head.fields[.contentLength].flatMap { Int($0) } ?? 0) <= limit
    }

    // MARK: Answers

    private func receipt(_ dossier: Dossier, _ exchange: Exchange) -> APIReceipt {
        let key = store.lookupKey(of: dossier.id)
        return APIReceipt(
            code: dossier.code.rawValue, lookupKey: key.rawValue, receivedAt: machineTime(dossier.submittedAt),
            intakeDueAt: machineTime(dossier.intakeDueAt),
            trackAt: "\(settings.publicURL)/ho-so/\(dossier.code)?khoa=\(key.rawValue)",
            attachments: apiFiles(dossier.submission.attachments),
            payment: payment(of: dossier, exchange))
    }

    /// The order in force with the address to pay at; the first one came with the submission.
    private func payment(of dossier: Dossier, _ exchange: Exchange) -> APIPayment? {
        guard dossier.finance != .notDue else { return nil }
        let order = dossier.payment
        let payAt = order.flatMap { order in
            dossier.owesFee
                ? settings.merchant?.address(
                    for: order, info: "Nop le phi ho so \(dossier.code)", payer: exchange.peer.address) : nil
        }
        return APIPayment(
            reference: order?.reference ?? "", amount: (order?.amount ?? dossier.amountDue).dong,
            state: dossier.finance.rawValue,
            payAt: payAt)
    }

    private func ownSubmissions(_ exchange: Exchange) async throws -> Response {
        guard let partner = exchange.partner else { throw Refused(.unauthorized, "no partner") }
        if let refusal = refusal(ofRepeated: ["after", "limit"], exchange) { return refusal }
        guard let limit = Int(exchange.query["limit"] ?? "100"), (1...500).contains(limit) else {
            return apiRefusal("limit", "badLimit", messages.say("due.badLimit"))
        }
        // Empty is the beginning, so that a reader need not leave the parameter out.
        let after = exchange.query["after"].flatMap { $0.isEmpty ? nil : $0 }
        if let after, try await !isOwn(after, partner) {
            return apiRefusal("after", "badAfter", messages.say("api.badAfter"))
        }
        // One more than asked for tells whether there is a next page; the store gives 500 at most.
        let rows = try await store.submissions(scope: "partner:\(partner)", after: after, limit: limit + 1)
        let items = rows.prefix(limit).map { key, dossier in
            APISubmissionRow(
                code: dossier.code.rawValue, idempotencyKey: key, receivedAt: machineTime(dossier.submittedAt),
                partnerReference: dossier.submission.partnerReference,
                attachments: apiFiles(dossier.submission.attachments))
        }
        let isMore = rows.count > limit || rows.count == 500
        return apiResponse(APISubmissionList(items: items, next: isMore ? items.last?.code : nil))
    }

    /// Whether `partner` handed the dossier of this code in.
    private func isOwn(_ code: String, _ partner: String) async throws -> Bool {
        guard let code = DossierCode(rawValue: code), let dossier = try await store.dossier(code) else { return false }
        return try await store.events(of: dossier.id).first?.actor == .partner(partner)
    }

    private func status(_ exchange: Exchange) async throws -> Response {
        if let refusal = refusal(ofRepeated: ["key"], exchange) { return refusal }
        guard let raw = exchange.query["key"], let key = LookupKey(rawValue: raw) else { return try notFound(exchange) }
        guard let code = DossierCode(rawValue: exchange.parameter("code").uppercased()) else {
            return try notFound(exchange)
        }
        let dossier = try await store.dossier(code)
        let expected = dossier?.submission.lookupKeyDigest ?? String(repeating: "0", count: 64)
        let isRight = MessageAuthentication.equal(Array(Store.digest(of: key).utf8), Array(expected.utf8))
        guard isRight, let dossier else { return try notFound(exchange) }
        let events = try await store.events(of: dossier.id)
        let supplement = dossier.openSupplement.map { open in
            APIDossier.Supplement(
                answerBy: machineTime(open.request.answerBy),
                items: open.request.items.map { .init(name: subject($0.subject, of: dossier), reason: $0.reason) })
        }
        return apiResponse(
            APIDossier(
                code: dossier.code.rawValue, procedure: dossier.submission.procedure.rawValue,
                revision: dossier.submission.revision, status: dossier.citizenStatus.rawValue,
                statusText: messages.say("status.\(dossier.citizenStatus.rawValue)"), state: dossier.state.rawValue,
                receivedAt: machineTime(dossier.submittedAt), holder: holder(dossier, officers: [:]),
                nationalCode: dossier.nationalCode, due: dossier.dueAt.map(machineTime),
                steps: events.map { .init(kind: $0.event.kind.rawValue, at: machineTime($0.at)) },
                missing: supplement?.items.map(\.name) ?? [], supplement: supplement,
                attachments: apiFiles(dossier.attachments),
                payment: payment(of: dossier, exchange)))
    }

    /// A wrong key and an unknown code are the same, and counted.
    private func notFound(_ exchange: Exchange) throws -> Response {
        try throttles.tracking.require(exchange.peer.subscriber)
        throw Refused(.notFound, "unknown code or wrong key")
    }
}
