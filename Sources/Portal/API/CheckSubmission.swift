import FoundationEssentials
import HTTPWire
import PublicService
import Store
import Web

/// A partner's submission, checked as strictly as a citizen's. Nothing of it is kept yet.
struct CheckedSubmission: Sendable {
    let procedure: Procedure
    let form: PublicService.Form
    let answers: [String: String]
    let papers: [CheckedPaper]
    let delivery: DeliveryChoice
    let reference: String?
}

/// A paper of a submission: uploaded before, or content still to be kept.
struct CheckedPaper: Sendable {
    enum Source: Sendable {
        case uploaded(StoredFile)
        case content([UInt8])
    }
    let requirement: String
    let name: String
    let source: Source

    /// Whether its content is still to be kept.
    var isNew: Bool {
        if case .content = source { true } else { false }
    }

    var byteCount: Int64 {
        switch source {
        case .uploaded(let file): file.byteCount
        case .content(let bytes): Int64(bytes.count)
        }
    }
}

/// Everything that is wrong with a submission, at once.
struct SubmissionRefusal: Error, Sendable {
    let fields: [APIError.Field]
}

extension Portal {
    func check(_ body: APISubmission, scope: String) async throws -> Result<CheckedSubmission, SubmissionRefusal> {
        var wrong = APIDefects(messages)
        guard let code = ProcedureCode(rawValue: body.procedure), let procedure = catalogue.procedure(code, on: today),
            let form = procedure.form, procedure.takesSubmissions
        else {
            wrong.add(.of("procedure"), "badProcedure")
            return .failure(SubmissionRefusal(fields: wrong.fields))
        }
        if let given = body.agency, given != agency.code.rawValue { wrong.add(.of("agency"), "badAgency") }
        let answers = checkAnswers(body, form, &wrong)
        let delivery = checkDelivery(body.delivery, &wrong)
        var reference: String?
        if let given = body.partnerReference {
            reference = try? TypedText.line(given, limit: 200)
            if reference == nil { wrong.add(.of("partnerReference"), "badReference") }
        }
        let papers = try await checkPapers(body.attachments ?? [], procedure, scope, &wrong)
        guard wrong.isEmpty, let delivery else { return .failure(SubmissionRefusal(fields: wrong.fields)) }
        return .success(
            CheckedSubmission(
                procedure: procedure, form: form, answers: answers, papers: papers, delivery: delivery,
                reference: reference))
    }

    /// Makes the papers of a checked submission durable.
    func keep(_ papers: [CheckedPaper]) async throws -> [Attachment] {
        var kept: [Attachment] = []
        for paper in papers {
            let stored: StoredFile =
                switch paper.source {
                case .uploaded(let file): file
                case .content(let bytes): try await store.attachments.store(bytes, name: paper.name)
                }
            kept.append(
                Attachment(
                    paper: paper.requirement, name: paper.name, contentType: stored.contentType,
                    byteCount: stored.byteCount, digest: stored.digest))
        }
        return kept
    }

    /// A file's name as partners may give it: one line of at most 120 characters, no path; nil when it is another.
    func fileName(_ raw: String) -> String? {
        guard let name = try? TypedText.line(raw, limit: 120), !name.contains(where: { "/\\\t".contains($0) }),
            !name.hasPrefix(".")
        else { return nil }
        return name
    }

    // MARK: Parts

    private func checkAnswers(
        _ body: APISubmission, _ form: PublicService.Form, _ wrong: inout APIDefects
    ) -> [String: String] {
        // The applicant's own data answer the questions that ask for them.
        let (asks, given) = (form.applicant, body.applicant)
        let pairs: [(question: String?, name: String, value: String?)] = [
            (asks.name, "name", given?.name), (asks.phone, "phone", given?.phone),
            (asks.personalID, "personalID", given?.personalID), (asks.email, "email", given?.email),
            (asks.address, "address", given?.address),
        ]
        var typed = body.answers.mapValues { [$0] }
        var paths: [String: JSONPath] = [:]
        for case (let question?, let name, let value?) in pairs where typed[question] == nil {
            typed[question] = [value]
            paths[question] = JSONPath.of("applicant")[name]
        }
        let checked = form.check(typed, today: today)
        for defect in checked.defects {
            let question = form.questions.first { $0.id == defect.question }
            wrong.add(
                .of("answers")[defect.question], defect.defect.key,
                sentence: messages.sentence(defect.defect, question: question),
                pointer: paths[defect.question]?.pointer)
        }
        let unknown = Set(body.answers.keys).subtracting(form.steps.flatMap { $0.questions.map(\.id) })
        for name in unknown.sorted() { wrong.add(.of("answers")[name], "unknownQuestion") }
        return checked.answers
    }

    private func checkDelivery(_ given: APISubmission.Delivery, _ wrong: inout APIDefects) -> DeliveryChoice? {
        let path = JSONPath.of("delivery")
        guard let way = DeliveryChoice.Way(rawValue: given.way) else {
            wrong.add(path, "badDelivery", sentence: messages.say("api.badDelivery"), pointer: path["way"].pointer)
            return nil
        }
        guard way == .post else { return DeliveryChoice(way: way) }
        guard let address = given.address.flatMap({ try? TypedText.line($0, limit: 250) }) else {
            wrong.add(path, "badDelivery", sentence: messages.say("api.badDelivery"), pointer: path["address"].pointer)
            return nil
        }
        return DeliveryChoice(way: way, address: address)
    }

    private func checkPapers(
        _ files: [APISubmission.File], _ procedure: Procedure, _ scope: String, _ wrong: inout APIDefects
    ) async throws -> [CheckedPaper] {
        let path = JSONPath.of("attachments")
        guard files.count <= UploadLimits.files else {
            wrong.add(path, "tooManyPapers")
            return []
        }
        var papers: [CheckedPaper] = []
        for (index, file) in files.enumerated() {
            if let paper = try await checkPaper(file, path[index], procedure, scope, &wrong) { papers.append(paper) }
        }
        if papers.map(\.byteCount).reduce(0, +) > UploadLimits.totalBytes {
            wrong.add(path, "papersTooLarge", ["limit": messages.size(UploadLimits.totalBytes)])
        }
        for item in procedure.uploads where item.upload == .required {
            if !files.contains(where: { $0.requirement == item.id }) {
                wrong.add(
                    path[item.id], "missingPaper", sentence: messages.say("api.missingPaper", ["name": item.name]),
                    pointer: path.pointer)
            }
        }
        return papers
    }

    private func checkPaper(
        _ file: APISubmission.File, _ path: JSONPath, _ procedure: Procedure, _ scope: String,
        _ wrong: inout APIDefects
    ) async throws -> CheckedPaper? {
        if !procedure.uploads.contains(where: { $0.id == file.requirement }) {
            wrong.add(path["requirement"], "badRequirement")
        }
        let name = fileName(file.name)
        if name == nil { wrong.add(path["name"], "badFileName") }
        guard let content = file.content else {
            guard let digest = file.sha256.flatMap({ ContentDigest(rawValue: $0) }),
                let stored = try await store.upload(digest, scope: scope)
            else {
                wrong.add(path[file.sha256 == nil ? "content" : "sha256"], "notUploaded")
                return nil
            }
            return name.map { CheckedPaper(requirement: file.requirement, name: $0, source: .uploaded(stored)) }
        }
        guard let data = Data(base64Encoded: content) else {
            wrong.add(path["content"], "badContent")
            return nil
        }
        guard data.count <= UploadLimits.fileBytes else {
            wrong.add(path["content"], "paperTooLarge", ["limit": messages.size(UploadLimits.fileBytes)])
            return nil
        }
        let bytes = Array(data)
        if let given = file.sha256, given.lowercased() != Portal.digest(of: bytes) {
            wrong.add(path["sha256"], "digestDisagrees")
        }
        if AttachmentStore.refusal(of: bytes, name: name ?? file.name) != nil {
            wrong.add(path["content"], "badFileType")
        }
        return name.map { CheckedPaper(requirement: file.requirement, name: $0, source: .content(bytes)) }
    }
}
