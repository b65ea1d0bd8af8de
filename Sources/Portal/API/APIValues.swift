import FoundationEssentials
import HTTPWire
import Platform
import PublicService
import Store
import Web

/// An error as programs get it.
struct APIError: Codable, Sendable {
    struct Field: Codable, Sendable {
        let field, key, message: String
        /// RFC 6901, into the body; nil for what stands elsewhere.
        var pointer: String?
    }
    let code: String
    let message: String
    let fields: [Field]
}

/// A procedure in a list.
struct APIProcedureRow: Codable {
    let code, name, field, revision, onlineLevel: String
    let hasForm: Bool
}

/// Procedures in force: as many as were asked for, of `total`.
struct APIProcedureList: Encodable {
    let items: [APIProcedureRow]
    let total: Int
}

/// What a partner hands in.
struct APISubmission: Codable, Sendable {
    struct Applicant: Codable, Sendable {
        var name, phone, personalID, email, address: String?
    }
    struct File: Codable, Sendable {
        var requirement: String
        var name: String
        /// base64.
        var content: String?
        /// Uploaded before.
        var sha256: String?
    }
    struct Delivery: Codable, Sendable {
        var way: String
        var address: String?
    }
    var procedure: String
    var agency: String?
    var applicant: Applicant?
    var answers: [String: String]
    var attachments: [File]?
    var delivery: Delivery
    var partnerReference: String?
}

/// A kept file in an answer.
struct APIFile: Codable {
    let name: String
    let size: Int64
    let sha256: String
}

/// Where the money stands.
struct APIPayment: Codable {
    let reference: String
    let amount: Int64
    let state: String
    let payAt: String?
}

/// The answer to a submission.
struct APIReceipt: Codable {
    let code, lookupKey, receivedAt, intakeDueAt, trackAt: String
    let attachments: [APIFile]
    let payment: APIPayment?
}

/// A dossier for who holds its key.
struct APIDossier: Codable {
    struct Step: Codable {
        let kind, at: String
    }
    /// What the citizen is asked to mend, and until when.
    struct Supplement: Codable {
        struct Item: Codable {
            let name, reason: String
        }
        let answerBy: String
        let items: [Item]
    }
    let code, procedure, revision, status, statusText, state, receivedAt, holder: String
    let nationalCode: Int
    let due: String?
    let steps: [Step]
    let missing: [String]
    let supplement: Supplement?
    let attachments: [APIFile]
    let payment: APIPayment?
}

/// A partner's submission for reconciliation.
struct APISubmissionRow: Codable {
    let code, idempotencyKey, receivedAt: String
    let partnerReference: String?
    let attachments: [APIFile]
}

/// A page of them; `next` is null on the last one.
struct APISubmissionList: Encodable {
    let items: [APISubmissionRow]
    let next: String?

    private enum CodingKeys: CodingKey { case items, next }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(items, forKey: .items)
        try container.encode(next, forKey: .next)
    }
}

/// Everything that is wrong with a body, in the order found; at most 100 are told.
struct APIDefects {
    let messages: Messages
    private(set) var fields: [APIError.Field] = []

    var isEmpty: Bool { fields.isEmpty }

    init(_ messages: Messages) { self.messages = messages }

    mutating func add(_ path: JSONPath, _ key: String, _ parameters: [String: String] = [:]) {
        add(path, key, sentence: messages.say("api.\(key)", parameters))
    }

    mutating func add(_ path: JSONPath, _ key: String, sentence: String, field: String? = nil, pointer: String? = nil) {
        guard fields.count < 100 else { return }
        fields.append(
            .init(field: field ?? path.field, key: key, message: sentence, pointer: pointer ?? path.pointer))
    }
}

extension Portal {
    /// A refusal as programs get it.
    func apiRefusal(_ status: Status, _ key: String, _ fields: [APIError.Field] = []) -> Response {
        apiResponse(["error": APIError(code: key, message: messages.say("api.\(key)"), fields: fields)], status)
    }

    /// JSON with sorted keys.
    func apiResponse(_ value: some Encodable, _ status: Status = .ok) -> Response {
        guard let bytes = try? SortedJSON.encode(value) else { return Response(.internalServerError) }
        return .json(bytes, status)
    }

    func apiFiles(_ attachments: [Attachment]) -> [APIFile] {
        attachments.map { APIFile(name: $0.name, size: $0.byteCount, sha256: $0.digest.rawValue) }
    }

    func machineTime(_ instant: Instant) -> String {
        let minute = LocalMinute(instant)
        let second = ((instant.seconds % 60) + 60) % 60
        return "\(minute.date)T\(minute.clock):\(second < 10 ? "0" : "")\(second)+07:00"
    }
}
