/// Makes a submission of a body: every name with the type it must have, all that is wrong at once. Names that the
/// description does not know are passed over, so that nothing of a dossier can be set through them.
struct SubmissionReader {
    /// What is missing or of another type: where, and the sentence's name.
    private(set) var defects: [(path: JSONPath, key: String)] = []

    /// nil when `defects` says why.
    mutating func read(_ body: JSONValue) -> APISubmission? {
        guard let fields = object(body, JSONPath()) else { return nil }
        let procedure = text(fields, "procedure", JSONPath(), isNeeded: true)
        let answers = answers(fields)
        let delivery = delivery(fields)
        let submission = APISubmission(
            procedure: procedure ?? "", agency: text(fields, "agency", JSONPath()), applicant: applicant(fields),
            answers: answers ?? [:], attachments: attachments(fields),
            delivery: delivery ?? APISubmission.Delivery(way: "", address: nil),
            partnerReference: text(fields, "partnerReference", JSONPath()))
        return defects.isEmpty ? submission : nil
    }

    private mutating func answers(_ fields: [String: JSONValue]) -> [String: String]? {
        guard let value = needed(fields, "answers", JSONPath()) else { return nil }
        guard let given = object(value, .of("answers")) else { return nil }
        var answers: [String: String] = [:]
        for name in given.keys.sorted() { answers[name] = text(given, name, .of("answers")) }
        return answers
    }

    private mutating func applicant(_ fields: [String: JSONValue]) -> APISubmission.Applicant? {
        let path = JSONPath.of("applicant")
        guard let given = optionalObject(fields, "applicant") else { return nil }
        return APISubmission.Applicant(
            name: text(given, "name", path), phone: text(given, "phone", path),
            personalID: text(given, "personalID", path), email: text(given, "email", path),
            address: text(given, "address", path))
    }

    private mutating func delivery(_ fields: [String: JSONValue]) -> APISubmission.Delivery? {
        let path = JSONPath.of("delivery")
        guard let value = needed(fields, "delivery", JSONPath()), let given = object(value, path) else { return nil }
        guard let way = text(given, "way", path, isNeeded: true) else { return nil }
        return APISubmission.Delivery(way: way, address: text(given, "address", path))
    }

    private mutating func attachments(_ fields: [String: JSONValue]) -> [APISubmission.File]? {
        let path = JSONPath.of("attachments")
        switch fields["attachments"] {
        case nil, .null: return nil
        case .array(let items):
            return items.enumerated().compactMap { index, item in
                guard let file = object(item, path[index]) else { return nil }
                let requirement = text(file, "requirement", path[index], isNeeded: true)
                let name = text(file, "name", path[index], isNeeded: true)
                let content = text(file, "content", path[index])
                let sha256 = text(file, "sha256", path[index])
                guard let requirement, let name else { return nil }
                return APISubmission.File(requirement: requirement, name: name, content: content, sha256: sha256)
            }
        default:
            defects.append((path, "notAnArray"))
            return nil
        }
    }

    private mutating func optionalObject(_ fields: [String: JSONValue], _ name: String) -> [String: JSONValue]? {
        switch fields[name] {
        case nil, .null: nil
        case let value?: object(value, .of(name))
        }
    }

    private mutating func object(_ value: JSONValue, _ path: JSONPath) -> [String: JSONValue]? {
        guard case .object(let members) = value else {
            defects.append((path, "notAnObject"))
            return nil
        }
        return Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
    }

    private mutating func needed(_ fields: [String: JSONValue], _ name: String, _ path: JSONPath) -> JSONValue? {
        if let value = fields[name] { return value }
        defects.append((path[name], "absent"))
        return nil
    }

    private mutating func text(
        _ fields: [String: JSONValue], _ name: String, _ path: JSONPath, isNeeded: Bool = false
    ) -> String? {
        switch fields[name] {
        case .string(let text): return text
        case nil where !isNeeded, .null where !isNeeded: return nil
        case nil: defects.append((path[name], "absent"))
        default: defects.append((path[name], "notAString"))
        }
        return nil
    }
}
