/// An agency with its validity (Catalogue/agencies.json5).
public struct Agency: Sendable, Hashable, Codable {
    /// Leads its dossier codes.
    public var code: AgencyCode
    /// The deciding body.
    public var name: String
    /// The area in everyday words.
    public var shortName: String
    /// The province.
    public var province: String
    /// The one-stop office.
    public var officeName: String
    /// Where it is.
    public var address: String
    /// Its telephone.
    public var phone: String
    /// When it is open, in words.
    public var hours: String
    /// The area's code in the national list.
    public var areaCode: String
    /// First day, `yyyy-MM-dd`.
    public var validFrom: LocalDate
    /// Names that went into it, so that they stay findable.
    public var former: [String]
    /// The sentence about them.
    public var formerNote: String
    /// Where the facts come from.
    public var sources: [String]
}

/// Everything that is published: revisions of procedures, agencies, the calendar.
public struct Catalogue: Sendable {
    /// Every revision of every procedure.
    public let procedures: [Procedure]
    /// Agencies.
    public let agencies: [Agency]
    /// The office's days and hours, ready for counting.
    public let clock: OfficeClock
    private let byCode: [ProcedureCode: [Procedure]]

    /// Puts the catalogue together.
    public init(procedures: [Procedure], agencies: [Agency], clock: OfficeClock) {
        self.procedures = procedures
        self.agencies = agencies
        self.clock = clock
        byCode = Dictionary(grouping: procedures, by: \.code).mapValues { $0.sorted { $0.revision > $1.revision } }
    }

    /// The revision in force on `date`; nil when there is none.
    public func procedure(_ code: ProcedureCode, on date: LocalDate) -> Procedure? {
        let day = date.description
        return byCode[code]?.first { $0.validFrom <= day && ($0.validTo.map { day <= $0 } ?? true) }
    }

    /// A revision by its name: dossiers stay under the one they were submitted under.
    public func procedure(_ code: ProcedureCode, revision: String) -> Procedure? {
        byCode[code]?.first { $0.revision == revision }
    }

    /// What is in force on `date`, by code.
    public func inForce(on date: LocalDate) -> [Procedure] {
        byCode.keys.sorted { $0.rawValue < $1.rawValue }.compactMap { procedure($0, on: date) }
    }

    /// What is wrong with the catalogue; empty when it can be published.
    public func defects() -> [String] {
        var defects: [String] = []
        var seen: Set<String> = []
        for procedure in procedures {
            let place = "\(procedure.code) \(procedure.revision)"
            if !seen.insert(place).inserted { defects.append("\(place): twice") }
            if LocalDate(procedure.revision) == nil { defects.append("\(place): revision is no date") }
            if procedure.name.isEmpty { defects.append("\(place): no name") }
            if Set(procedure.requirements.map(\.id)).count != procedure.requirements.count {
                defects.append("\(place): a paper's id twice")
            }
            for fee in procedure.fees where fee.chargedAtSubmission {
                if fee.amount == nil || !fee.certain || fee.basis == nil || fee.name.isEmpty {
                    defects.append("\(place): a fee is charged without sure amount, name or basis")
                }
                if let question = fee.quantityQuestion,
                    procedure.form?.questions.first(where: { $0.id == question })?.kind != .number
                {
                    defects.append("\(place): fee follows \(question), which is no number")
                }
            }
            if let form = procedure.form { defects.append(contentsOf: form.defects().map { "\(place): \($0)" }) }
        }
        return defects
    }
}

extension Form {
    /// What is wrong with the form as data.
    func defects() -> [String] {
        var defects: [String] = []
        var known: Set<String> = []
        for step in steps {
            if step.questions.isEmpty || step.questions.count > 5 {
                defects.append("step \(step.id) asks \(step.questions.count)")
            }
            if let condition = step.when, !known.contains(condition.question) {
                defects.append("step \(step.id) depends on \(condition.question), which is not asked before")
            }
            for question in step.questions {
                if !known.insert(question.id).inserted { defects.append("question \(question.id) twice") }
                let needsOptions = question.kind == .choice || question.kind == .select
                if needsOptions != !(question.options ?? []).isEmpty {
                    defects.append("question \(question.id): options")
                }
                let isPlain = question.id.utf8.allSatisfy {
                    isDigit($0) || (97...122).contains($0) || $0 == UInt8(ascii: "_")
                }
                if !isPlain { defects.append("question \(question.id): id") }
            }
        }
        if Set(steps.map(\.id)).count != steps.count { defects.append("a step's id twice") }
        for id in [applicant.name, applicant.phone] where !known.contains(id) {
            defects.append("applicant's \(id) is not asked")
        }
        return defects
    }
}
