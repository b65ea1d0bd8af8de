import FoundationEssentials

/// Turns the published list of procedures (schema `dvc-procedure-catalogue/1`) into revisions of this catalogue.
/// Pure: reading and writing files is the command's.
public enum ProcedureImport {
    /// Why a list is not taken.
    public enum Failure: Error, Sendable {
        /// The file is no such list; where and why.
        case unreadable(String)
        /// A code that no procedure can have.
        case badCode(String)
    }

    /// What is added by hand to an imported procedure: its electronic form, everyday words, and which fee follows which
    /// question.
    public struct Addition: Sendable, Codable {
        /// The electronic form.
        public var form: Form?
        /// Everyday words people search by.
        public var keywords: [String]?
        /// For the fee at `index` of the source's list.
        public var charges: [Charge]?

        /// A fee charged at submission.
        public struct Charge: Sendable, Codable {
            /// Position in the source's list of fees, from 0.
            public var index: Int
            /// What the line is called.
            public var name: String
            /// The question whose number multiplies the amount.
            public var quantityQuestion: String
        }
    }

    /// The procedures of `list`, published here as `revision` (`yyyy-MM-dd`), completed by `additions` by code.
    public static func convert(
        list: Data, revision: String, additions: [String: Addition]
    ) throws -> [Procedure] {
        let source: Source
        do {
            source = try JSONDecoder().decode(Source.self, from: list)
        } catch {
            throw Failure.unreadable(String(describing: error))
        }
        guard source.schema == "dvc-procedure-catalogue/1" else { throw Failure.unreadable("schema \(source.schema)") }
        return try source.procedures.map { try procedure($0, revision, additions[$0.code]) }
    }

    private static func procedure(_ item: Source.Item, _ revision: String, _ addition: Addition?) throws -> Procedure {
        guard let code = ProcedureCode(rawValue: item.code) else { throw Failure.badCode(item.code) }
        return Procedure(
            code: code, revision: revision, validFrom: revision, validTo: nil, name: item.name,
            keywords: addition?.keywords ?? [], field: item.field, fieldGroup: item.fieldGroup,
            agencyLevels: item.agencyLevel, channels: item.channels, onlineLevel: item.onlineLevel,
            legacyLevel: item.legacyLevel, processingTimes: item.processingTime.map(time),
            fees: item.fees.enumerated().map {
                fee($0.element, addition?.charges?.first { [index = $0.offset] in $0.index == index })
            },
            requirements: requirements(item.components), results: item.result, legalBasis: item.legalBasis,
            notes: item.notes.map(cleaned), sources: item.source.texts.map(cleaned), sourceURL: item.sourceURL,
            certain: item.certain, form: addition?.form)
    }

    private static func time(_ item: Source.Time) -> ProcessingTime {
        let unit: ProcessingTime.Unit =
            switch item.unit {
            case "working_day": .workingDay
            case "calendar_day": .calendarDay
            case "working_hour": .workingHour
            case "same_working_day_or_next": .sameDay
            default: .other
            }
        return ProcessingTime(channel: item.channel, quantity: item.quantity, unit: unit, note: item.note.map(cleaned))
    }

    private static func fee(_ item: Source.Fee, _ charge: Addition.Charge?) -> FeeRule {
        // The source writes 0 where the province decides; only a fee that is sure and named free is free.
        let amount = item.amount.map { Money(dong: $0) }
        return FeeRule(
            kind: item.kind, name: charge?.name ?? "", amount: item.setBy == "province" ? nil : amount,
            unit: item.unit, basis: item.basis, exemption: nil, setBy: item.setBy, note: item.note.map(cleaned),
            certain: item.certain, quantityQuestion: charge?.quantityQuestion, chargedAtSubmission: charge != nil)
    }

    private static func requirements(_ items: [Source.Component]) -> [Requirement] {
        items.enumerated().map { offset, item in
            // The electronic form, or its paper twin, is the form itself: the source marks them by the way of handing in.
            let isForm = item.when == "online" || item.when == "paper"
            let upload: Requirement.Upload =
                switch item.when {
                case "always": .required
                case "conditional": .optional
                default: .none
                }
            return Requirement(
                id: "giay-to-\(offset + 1)", name: item.name, originals: item.originals, copies: item.copies,
                when: item.when, condition: item.condition, isForm: isForm, upload: upload)
        }
    }

    /// The source's working marks leave the text; what they say stands in `certain`.
    private static func cleaned(_ text: String) -> String {
        text.replacing(" [memory]", with: "").composed
    }
}

/// The shape of the published list.
private struct Source: Decodable {
    let schema: String
    let procedures: [Item]

    struct Item: Decodable {
        let code, name, field, fieldGroup, onlineLevel: String
        let agencyLevel, channels, result, legalBasis, notes: [String]
        let legacyLevel: Int
        let processingTime: [Time]
        let fees: [Fee]
        let components: [Component]
        let source: OneOrMany
        let sourceURL: String?
        let certain: [String: Bool]

        enum CodingKeys: String, CodingKey {
            case code, name, field, channels, result, notes, fees, components, source, certain
            case fieldGroup = "field_group"
            case onlineLevel = "online_level"
            case agencyLevel = "agency_level"
            case legalBasis = "legal_basis"
            case legacyLevel = "legacy_level"
            case processingTime = "processing_time"
            case sourceURL = "source_url"
        }
    }

    struct Time: Decodable {
        let channel: String
        let quantity: Int
        let unit: String
        let note: String?
    }

    struct Fee: Decodable {
        let kind: String
        let amount: Int64?
        let unit, basis, note: String?
        let setBy: String
        let certain: Bool

        enum CodingKeys: String, CodingKey {
            case kind, unit, basis, note, certain
            case amount = "amount_vnd"
            case setBy = "set_by"
        }
    }

    struct Component: Decodable {
        let name: String
        let originals, copies: Int
        let when: String
        let condition: String?
    }

    /// The source writes one text, or several.
    struct OneOrMany: Decodable {
        let texts: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                texts = [one]
            } else {
                texts = try container.decode([String].self)
            }
        }
    }
}
