import Foundation
import HTTPWire
import PublicService
import Store
import Web

/// A partner's submission, checked as strictly as a citizen's.
struct CheckedSubmission: Sendable {
    let procedure: Procedure
    let form: PublicService.Form
    let answers: [String: String]
    let attachments: [Attachment]
    let delivery: DeliveryChoice
    let reference: String?
}

/// Everything that is wrong with a submission, at once.
struct SubmissionRefusal: Error, Sendable {
    let error: APIError
}

extension Portal {
    func check(_ body: APISubmission, scope: String) async throws -> Result<CheckedSubmission, SubmissionRefusal> {
        var fields: [APIError.Field] = []
        func wrong(_ field: String, _ key: String, _ parameters: [String: String] = [:]) {
            fields.append(.init(field: field, key: key, message: messages.say("api.\(key)", parameters)))
        }
        guard let code = ProcedureCode(rawValue: body.procedure), let procedure = catalogue.procedure(code, on: today),
            let form = procedure.form, procedure.takesSubmissions
        else {
            wrong("procedure", "badProcedure")
            return .failure(
                SubmissionRefusal(
                    error: APIError(code: "invalid", message: messages.say("api.invalid"), fields: fields)))
        }
        if let given = body.agency, given != agency.code.rawValue { wrong("agency", "badAgency") }
        let checked = form.check(typed(body, form).mapValues { [$0] }, today: today)
        for defect in checked.defects {
            let question = form.questions.first { $0.id == defect.question }
            fields.append(
                .init(
                    field: "answers.\(defect.question)", key: defect.defect.key,
                    message: messages.sentence(defect.defect, question: question)))
        }
        for name in body.answers.keys.sorted() where !form.questions.contains(where: { $0.id == name }) {
            wrong("answers.\(name)", "unknownQuestion")
        }
        let delivery = DeliveryChoice.Way(rawValue: body.delivery.way)
        let address = body.delivery.address.flatMap { try? TypedText.line($0, limit: 250) }
        if delivery == nil || delivery == .post && address == nil { wrong("delivery", "badDelivery") }
        var reference: String?
        if let given = body.partnerReference {
            do {
                reference = try TypedText.line(given, limit: 200)
            } catch {
                wrong("partnerReference", "badReference")
            }
        }
        let attachments = fields.isEmpty ? try await keep(body.attachments ?? [], procedure, scope, wrong) : []
        for item in procedure.uploads where item.upload == .required {
            if !(body.attachments ?? []).contains(where: { $0.requirement == item.id }) {
                wrong("attachments.\(item.id)", "missingPaper", ["name": item.name])
            }
        }
        guard fields.isEmpty, let delivery else {
            return .failure(
                SubmissionRefusal(
                    error: APIError(code: "invalid", message: messages.say("api.invalid"), fields: fields)))
        }
        return .success(
            CheckedSubmission(
                procedure: procedure, form: form, answers: checked.answers, attachments: attachments,
                delivery: DeliveryChoice(way: delivery, address: delivery == .post ? address : nil),
                reference: reference))
    }

    /// The applicant's own data answer the questions that ask for them.
    private func typed(_ body: APISubmission, _ form: PublicService.Form) -> [String: String] {
        var typed = body.answers
        let asks = form.applicant
        let pairs: [(String?, String?)] = [
            (asks.name, body.applicant?.name), (asks.phone, body.applicant?.phone),
            (asks.personalID, body.applicant?.personalID),
            (asks.email, body.applicant?.email), (asks.address, body.applicant?.address),
        ]
        for case (let id?, let value?) in pairs where typed[id] == nil { typed[id] = value }
        return typed
    }

    private func attachment(_ paper: String, _ name: String, _ stored: StoredFile) -> Attachment {
        Attachment(
            paper: paper, name: name, contentType: stored.contentType, byteCount: stored.byteCount,
            digest: stored.digest)
    }

    private func keep(
        _ files: [APISubmission.File], _ procedure: Procedure, _ scope: String,
        _ wrong: (String, String, [String: String]) -> Void
    ) async throws -> [Attachment] {
        guard files.count <= UploadLimits.files else {
            wrong("attachments", "tooManyPapers", [:])
            return []
        }
        var kept: [Attachment] = []
        for (index, file) in files.enumerated() {
            let field = "attachments[\(index)]"
            guard procedure.uploads.contains(where: { $0.id == file.requirement }) else {
                wrong(field, "badRequirement", [:])
                continue
            }
            guard let name = try? TypedText.line(file.name, limit: 120), !name.contains("/"), !name.contains("\\")
            else {
                wrong(field, "badFileName", [:])
                continue
            }
            if let digest = file.sha256, file.content == nil {
                guard let known = ContentDigest(rawValue: digest),
                    let stored = try await store.upload(known, scope: scope)
                else {
                    wrong(field, "notUploaded", [:])
                    continue
                }
                kept.append(attachment(file.requirement, name, stored))
                continue
            }
            guard let data = file.content.flatMap({ Data(base64Encoded: $0) }), data.count <= UploadLimits.fileBytes
            else {
                wrong(field, "badContent", [:])
                continue
            }
            do {
                let stored = try await store.attachments.store(Array(data), name: name)
                kept.append(attachment(file.requirement, name, stored))
            } catch is UploadRefusal {
                wrong(field, "badFileType", [:])
            }
        }
        return kept
    }
}
