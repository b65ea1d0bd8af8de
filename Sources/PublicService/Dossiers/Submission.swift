/// What a person hands in: everything a dossier starts with.
public struct Submission: Sendable, Hashable, Codable {
    /// Which procedure.
    public var procedure: ProcedureCode
    /// Which published revision the dossier stays under, e.g. `2026-11-23`.
    public var revision: String
    /// Where the person was helped, was received, and who decides.
    public var agencies: Agencies
    /// How it truly came.
    public var channel: Channel
    /// Who applies.
    public var applicant: Applicant
    /// Checked answers by question id.
    public var answers: [String: String]
    /// Uploaded files.
    public var attachments: [Attachment]
    /// Papers the person will hand in later or show at the desk, by requirement id.
    public var papersToFollow: [String]
    /// How the result is to reach the person.
    public var delivery: DeliveryChoice
    /// Fee lines computed at submission from the revision; empty when nothing is due.
    public var fees: [FeeLine]
    /// SHA-256 (hex) of the lookup key; the key itself is kept beside, never in an event.
    public var lookupKeyDigest: String
    /// The officer who filed it for the person (assisted or desk), if any.
    public var filedBy: OfficerID?
    /// A partner system's own reference, at most 200 characters.
    public var partnerReference: String?

    /// Puts a submission together.
    public init(
        procedure: ProcedureCode, revision: String, agencies: Agencies, channel: Channel, applicant: Applicant,
        answers: [String: String], attachments: [Attachment], papersToFollow: [String] = [],
        delivery: DeliveryChoice, fees: [FeeLine], lookupKeyDigest: String, filedBy: OfficerID? = nil,
        partnerReference: String? = nil
    ) {
        self.procedure = procedure
        self.revision = revision
        self.agencies = agencies
        self.channel = channel
        self.applicant = applicant
        self.answers = answers
        self.attachments = attachments
        self.papersToFollow = papersToFollow
        self.delivery = delivery
        self.fees = fees
        self.lookupKeyDigest = lookupKeyDigest
        self.filedBy = filedBy
        self.partnerReference = partnerReference
    }
}

/// Three agencies a dossier: where the person was helped, where it was received, who is competent to decide.
public struct Agencies: Sendable, Hashable, Codable {
    /// Where the person was helped.
    public var helpedAt: AgencyCode
    /// Whose desk received it; its code leads the dossier code.
    public var receivedAt: AgencyCode
    /// Who decides.
    public var decidedBy: AgencyCode

    /// All three.
    public init(helpedAt: AgencyCode, receivedAt: AgencyCode, decidedBy: AgencyCode) {
        self.helpedAt = helpedAt
        self.receivedAt = receivedAt
        self.decidedBy = decidedBy
    }
}

/// How a dossier truly came; assistance is never counted as self-service.
public enum Channel: String, Codable, Sendable, CaseIterable {
    /// The person alone, online.
    case selfService
    /// Online with an officer's help.
    case assisted
    /// At the desk on paper.
    case desk
    /// By public post.
    case post
    /// Through the national portal.
    case nationalPortal
    /// Through a partner system's API.
    case partner
}

/// Who applies.
public struct Applicant: Sendable, Hashable, Codable {
    /// As typed (NFC).
    public var name: String
    /// 12 digits, if given.
    public var personalID: String?
    /// `0` and 9 digits (or a landline).
    public var phone: String
    /// If given.
    public var email: String?
    /// One line.
    public var address: String?

    /// Names an applicant.
    public init(name: String, personalID: String?, phone: String, email: String? = nil, address: String? = nil) {
        self.name = name
        self.personalID = personalID
        self.phone = phone
        self.email = email
        self.address = address
    }
}

/// An uploaded file, already durable in the attachment store when an event names it.
public struct Attachment: Sendable, Hashable, Codable {
    /// The requirement it answers.
    public var paper: String
    /// The client's name, cleaned; shown, never used as a path.
    public var name: String
    /// `application/pdf`, `image/jpeg`, `image/png`.
    public var contentType: String
    /// Bytes.
    public var byteCount: Int64
    /// SHA-256 of the content.
    public var digest: ContentDigest

    /// Describes a file.
    public init(paper: String, name: String, contentType: String, byteCount: Int64, digest: ContentDigest) {
        self.paper = paper
        self.name = name
        self.contentType = contentType
        self.byteCount = byteCount
        self.digest = digest
    }
}

/// How the result is to reach the person.
public struct DeliveryChoice: Sendable, Hashable, Codable {
    /// The ways.
    public enum Way: String, Codable, Sendable, CaseIterable {
        /// Download with the lookup key.
        case online
        /// At the one-stop desk.
        case desk
        /// By public post.
        case post
    }
    /// The way chosen.
    public var way: Way
    /// Where to, for post.
    public var address: String?

    /// Chooses.
    public init(way: Way, address: String? = nil) {
        self.way = way
        self.address = address
    }
}

/// One line of what is to be paid: amount, reason and legal basis together.
public struct FeeLine: Sendable, Hashable, Codable {
    /// What for.
    public var name: String
    /// One unit.
    public var unitAmount: Money
    /// How many.
    public var quantity: Int
    /// The legal basis.
    public var basis: String?
    /// Why nothing or less is due, if so.
    public var exemption: String?

    /// Describes a line.
    public init(name: String, unitAmount: Money, quantity: Int, basis: String?, exemption: String? = nil) {
        self.name = name
        self.unitAmount = unitAmount
        self.quantity = quantity
        self.basis = basis
        self.exemption = exemption
    }

    /// Unit times quantity; zero when exempt.
    public var amount: Money { exemption == nil ? unitAmount * quantity : .zero }
}
