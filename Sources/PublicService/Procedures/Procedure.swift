/// One published revision of an administrative procedure (thu tuc hanh chinh): immutable data from
/// `Catalogue/procedures/<code>/<revision>.json5`. A dossier keeps the revision it was submitted under.
public struct Procedure: Sendable, Hashable, Codable {
    /// The national code.
    public var code: ProcedureCode
    /// The revision's name: the day it was published here, `yyyy-MM-dd`.
    public var revision: String
    /// First day in force, `yyyy-MM-dd`.
    public var validFrom: String
    /// Last day in force; nil while open.
    public var validTo: String?
    /// The official name.
    public var name: String
    /// Everyday words people search by.
    public var keywords: [String]
    /// The field (linh vuc).
    public var field: String
    /// The group of fields.
    public var fieldGroup: String
    /// xa, tinh.
    public var agencyLevels: [String]
    /// online, post, direct.
    public var channels: [String]
    /// mot_phan, toan_trinh, khong_truc_tuyen.
    public var onlineLevel: String
    /// 2, 3 or 4: how people still talk (derived).
    public var legacyLevel: Int
    /// Time limits by channel.
    public var processingTimes: [ProcessingTime]
    /// Fees with exemption and basis.
    public var fees: [FeeRule]
    /// Papers (thanh phan ho so).
    public var requirements: [Requirement]
    /// What one gets.
    public var results: [String]
    /// Legal texts.
    public var legalBasis: [String]
    /// Remarks.
    public var notes: [String]
    /// Where the facts come from.
    public var sources: [String]
    /// The page they were read on.
    public var sourceURL: String?
    /// Facts that are certain (`processing_time`, `fee`, …); what is false here is shown as set by the authority.
    public var certain: [String: Bool]
    /// The electronic form, if there is one.
    public var form: Form?
}

/// A time limit for a channel.
public struct ProcessingTime: Sendable, Hashable, Codable {
    /// online, post, direct.
    public var channel: String
    /// How many units.
    public var quantity: Int
    /// The unit; `other` means the source does not say.
    public var unit: Unit
    /// A remark.
    public var note: String?

    /// Units of the catalogue.
    public enum Unit: String, Sendable, Hashable, Codable, CaseIterable {
        case workingDay = "working_day"
        case calendarDay = "calendar_day"
        case workingHour = "working_hour"
        case sameDay = "same_day"
        case other
    }
}

/// A fee with its amount, exemption and basis, always shown together.
public struct FeeRule: Sendable, Hashable, Codable {
    /// none, phi, le_phi.
    public var kind: String
    /// What for.
    public var name: String
    /// Whole dong; nil when the province sets it.
    public var amount: Money?
    /// Per what, in words.
    public var unit: String?
    /// The legal basis.
    public var basis: String?
    /// Who is exempt, in words.
    public var exemption: String?
    /// central, province.
    public var setBy: String
    /// A remark.
    public var note: String?
    /// Whether the source is sure.
    public var certain: Bool
    /// The question whose number multiplies the amount; nil when it is not charged online.
    public var quantityQuestion: String?
    /// Whether the fee is charged at online submission.
    public var chargedAtSubmission: Bool
}

/// A paper to hand in (thanh phan ho so).
public struct Requirement: Sendable, Hashable, Codable {
    /// Stable within the procedure, lower-case ASCII with hyphens.
    public var id: String
    /// The official name.
    public var name: String
    /// How many originals.
    public var originals: Int
    /// How many copies.
    public var copies: Int
    /// always, paper, online, present_in_person, conditional.
    public var when: String
    /// The condition in words.
    public var condition: String?
    /// Whether the online form itself is this paper.
    public var isForm: Bool
    /// Whether files are uploaded for it online, and must be.
    public var upload: Upload

    /// Uploading for a paper.
    public enum Upload: String, Sendable, Hashable, Codable {
        case none, optional, required
    }
}
