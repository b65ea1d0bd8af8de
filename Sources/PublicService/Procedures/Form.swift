/// The electronic form of a procedure: screens of at most five questions. A closed set of kinds and conditions;
/// what needs more is a domain verb in Swift, not a language.
public struct Form: Sendable, Hashable, Codable {
    /// The title on the printed sheet.
    public var title: String
    /// Who the sheet is addressed to, e.g. the commune's People's Committee.
    public var addressee: String?
    /// The screens in order.
    public var steps: [FormStep]
    /// The sentence above the signature.
    public var declaration: String?
    /// Which questions hold the applicant's own data.
    public var applicant: ApplicantQuestions
}

/// Question ids of the applicant's data.
public struct ApplicantQuestions: Sendable, Hashable, Codable {
    /// Name.
    public var name: String
    /// Personal identification number, if asked.
    public var personalID: String?
    /// Phone.
    public var phone: String
    /// E-mail, if asked.
    public var email: String?
    /// Address, if asked.
    public var address: String?
}

/// One screen: one topic.
public struct FormStep: Sendable, Hashable, Codable {
    /// Part of the address, lower-case ASCII with hyphens.
    public var id: String
    /// The topic, also the heading.
    public var title: String
    /// A line of help.
    public var hint: String?
    /// Shown only when this holds.
    public var when: Condition?
    /// At most five.
    public var questions: [Question]
}

/// One question.
public struct Question: Sendable, Hashable, Codable {
    /// The field's name, lower-case ASCII with underscores.
    public var id: String
    /// What kind of answer.
    public var kind: Kind
    /// The label.
    public var label: String
    /// A line of help.
    public var hint: String?
    /// Unanswered is fine.
    public var optional: Bool?
    /// HTML autocomplete token, for the person's own data.
    public var autocomplete: String?
    /// For `choice` and `select`.
    public var options: [Choice]?
    /// For `number`: least value.
    public var minimum: Int?
    /// For `number`: greatest value. For texts: greatest length in characters.
    public var maximum: Int?
    /// For `date`: past, future, any (default past).
    public var range: String?
    /// Sentences for this question's own defects by defect name, overriding the general ones.
    public var messages: [String: String]?

    /// Describes a question.
    public init(
        id: String, kind: Kind, label: String, hint: String?, optional: Bool?, autocomplete: String?,
        options: [Choice]?, minimum: Int?, maximum: Int?, range: String?, messages: [String: String]?
    ) {
        self.id = id
        self.kind = kind
        self.label = label
        self.hint = hint
        self.optional = optional
        self.autocomplete = autocomplete
        self.options = options
        self.minimum = minimum
        self.maximum = maximum
        self.range = range
        self.messages = messages
    }

    /// The closed set of kinds.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case personName, text, paragraph, date, personalID, phone, email, choice, select, yesNo, number, address
    }
}

/// One choice.
public struct Choice: Sendable, Hashable, Codable {
    /// Stored.
    public var value: String
    /// Shown.
    public var label: String

    /// Describes a choice.
    public init(value: String, label: String) {
        self.value = value
        self.label = label
    }
}

/// The closed set of conditions between questions.
public struct Condition: Sendable, Hashable, Codable {
    /// The question looked at.
    public var question: String
    /// Holds when the answer is this.
    public var equals: String?
    /// Holds when the answer is one of these.
    public var isIn: [String]?
    /// Holds when the number is greater.
    public var exceeds: Int?
}
