import Foundation
import HTTPWire
import Platform
import PublicService
import Store
import Web

/// Partner systems hand dossiers in and ask for them.
extension Portal {
    /// A JSON body with papers in base64; larger papers are uploaded through the pages.
    static let apiBodyLimit = 16 << 20

    func addPartnerDossiers(to routes: inout Routes) {
        routes.program(.post, "/api/v1/dossiers", access: .partner, bodyLimit: Portal.apiBodyLimit) { [self] in
            try await take($0)
        }
        routes.program(.get, "/api/v1/dossiers", access: .partner, bodyLimit: 0) { [self] in
            try await ownSubmissions($0)
        }
        routes.program(.get, "/api/v1/dossiers/{code}", bodyLimit: 0) { [self] in try await status($0) }
    }

    private func take(_ exchange: Exchange) async throws -> Response {
        guard let partner = exchange.partner else { throw Refused(.unauthorized, "no partner") }
        let keys = exchange.head.fields.values(of: FieldName(unchecked: "Idempotency-Key"))
        guard keys.count == 1, let key = keys.first, (1...200).contains(key.utf8.count),
            key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return apiRefusal("Idempotency-Key", "badKey", messages.say("api.badKey")) }
        let type = exchange.head.fields[.contentType] ?? ""
        guard type.lowercased().hasPrefix("application/json") else { throw Refused(.unsupportedMediaType, "not JSON") }
        let bytes = try await exchange.body.collect(upTo: Portal.apiBodyLimit)
        let scope = "partner:\(partner)"
        let digest = SHA256.hash(bytes).hex
        // What was answered once is answered the same, whatever the catalogue says by now.
        if let known = try await store.submission(scope: scope, key: key) {
            return known.digest == digest
                ? apiResponse(try await receipt(known.dossier, exchange), .created) : keyReused
        }
        let body: APISubmission
        do {
            try JSONLimits().check(bytes)
            body = try JSONDecoder().decode(APISubmission.self, from: Data(bytes))
        } catch {
            return apiResponse(
                ["error": APIError(code: "badJSON", message: messages.say("api.badJSON"), fields: [])], .badRequest)
        }
        switch try await check(body, scope: scope) {
        case .failure(let refusal): return apiResponse(["error": refusal.error], .unprocessableContent)
        case .success(let checked):
            let id = Store.newID(at: now)
            let submission = submission(
                checked.procedure, checked.form, answers: checked.answers, attachments: checked.attachments,
                delivery: checked.delivery, id: id, channel: .partner, partnerReference: checked.reference)
            let outcome = try await handIn(
                submission, id: id, scope: scope, key: key, digest: digest, by: .partner(partner))
            switch outcome {
            case .created(let dossier), .already(let dossier):
                return apiResponse(try await receipt(dossier, exchange), .created)
            case .conflict:
                return apiResponse(
                    ["error": APIError(code: "keyReused", message: messages.say("api.keyReused"), fields: [])],
                    .conflict)
            }
        }
    }

    private var keyReused: Response {
        apiResponse(
            ["error": APIError(code: "keyReused", message: messages.say("api.keyReused"), fields: [])], .conflict)
    }

    private func receipt(_ dossier: Dossier, _ exchange: Exchange) async throws -> APIReceipt {
        let key = store.lookupKey(of: dossier.id)
        return APIReceipt(
            code: dossier.code.rawValue, lookupKey: key.rawValue, receivedAt: machineTime(dossier.submittedAt),
            intakeDueAt: machineTime(dossier.intakeDueAt),
            trackAt: "\(settings.publicURL)/ho-so/\(dossier.code)?khoa=\(key.rawValue)",
            attachments: apiFiles(dossier.submission.attachments),
            payment: try await payment(of: dossier, exchange, makesOrder: true))
    }

    /// The order in force with the address to pay at; a first one is made when `makesOrder`.
    private func payment(of dossier: Dossier, _ exchange: Exchange, makesOrder: Bool) async throws -> APIPayment? {
        guard dossier.finance != .notDue else { return nil }
        var order = dossier.payment
        if order == nil, makesOrder, dossier.owesFee, settings.merchant != nil {
            order = try await newOrder(for: dossier)
        }
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
        guard let limit = Int(exchange.query["limit"] ?? "100"), (1...500).contains(limit) else {
            return apiRefusal("limit", "badLimit", messages.say("due.badLimit"))
        }
        struct List: Encodable {
            let items: [APISubmissionRow]
            let next: String?
        }
        let rows = try await store.submissions(
            scope: "partner:\(partner)", after: exchange.query["after"], limit: limit)
        let items = rows.map { key, dossier in
            APISubmissionRow(
                code: dossier.code.rawValue, idempotencyKey: key, receivedAt: machineTime(dossier.submittedAt),
                partnerReference: dossier.submission.partnerReference,
                attachments: apiFiles(dossier.submission.attachments))
        }
        return apiResponse(List(items: items, next: rows.count == limit ? items.last?.code : nil))
    }

    private func status(_ exchange: Exchange) async throws -> Response {
        guard let raw = exchange.query["key"], let key = LookupKey(rawValue: raw) else { return try notFound(exchange) }
        guard let code = DossierCode(rawValue: exchange.parameter("code").uppercased()) else {
            return try notFound(exchange)
        }
        let dossier = try await store.dossier(code)
        let expected = dossier?.submission.lookupKeyDigest ?? String(repeating: "0", count: 64)
        let isRight = MessageAuthentication.equal(Array(Store.digest(of: key).utf8), Array(expected.utf8))
        guard isRight, let dossier else { return try notFound(exchange) }
        let events = try await store.events(of: dossier.id)
        return apiResponse(
            APIDossier(
                code: dossier.code.rawValue, procedure: dossier.submission.procedure.rawValue,
                revision: dossier.submission.revision, status: dossier.citizenStatus.rawValue,
                statusText: messages.say("status.\(dossier.citizenStatus.rawValue)"), state: dossier.state.rawValue,
                receivedAt: machineTime(dossier.submittedAt), holder: holder(dossier, officers: [:]),
                nationalCode: dossier.nationalCode, due: dossier.dueAt.map(machineTime),
                steps: events.map { .init(kind: $0.event.kind.rawValue, at: machineTime($0.at)) },
                missing: dossier.openSupplement?.request.items.map { subject($0.subject, of: dossier) } ?? [],
                attachments: apiFiles(dossier.attachments),
                payment: try await payment(of: dossier, exchange, makesOrder: false)))
    }

    /// A wrong key and an unknown code are the same, and counted.
    private func notFound(_ exchange: Exchange) throws -> Response {
        try throttles.tracking.require(exchange.peer.address)
        throw Refused(.notFound, "unknown code or wrong key")
    }
}
