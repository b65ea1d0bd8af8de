/// What the store remembers of a submission: the hand-in with the code it was given.
public struct SubmissionRecord: Sendable, Hashable, Codable {
    /// The public code, given in the same transaction.
    public var code: DossierCode
    /// What was handed in.
    public var submission: Submission
    /// Until when the desk must answer an online dossier (8 working hours).
    public var intakeDueAt: Instant

    /// Describes a recorded submission.
    public init(code: DossierCode, submission: Submission, intakeDueAt: Instant) {
        self.code = code
        self.submission = submission
        self.intakeDueAt = intakeDueAt
    }
}

/// The desk's yes: receipt and appointment (slip 01).
public struct Acceptance: Sendable, Hashable, Codable {
    /// When the clock started (a working minute).
    public var clockStartsAt: Instant
    /// The appointed moment.
    public var dueAt: Instant
    /// Number in the register of the day.
    public var registerNumber: Int
    /// Who took it in.
    public var officer: OfficerID
    /// When.
    public var at: Instant

    /// Describes an acceptance.
    public init(clockStartsAt: Instant, dueAt: Instant, registerNumber: Int, officer: OfficerID, at: Instant) {
        self.clockStartsAt = clockStartsAt
        self.dueAt = dueAt
        self.registerNumber = registerNumber
        self.officer = officer
        self.at = at
    }
}

/// One thing to mend: a paper or a field, what is wrong, how to mend it.
public struct SupplementItem: Sendable, Hashable, Codable {
    /// Requirement id, or question id prefixed by `answer:`.
    public var subject: String
    /// The officer's words.
    public var reason: String

    /// Names a defect.
    public init(subject: String, reason: String) {
        self.subject = subject
        self.reason = reason
    }
}

/// Slip 02: every defect at once, with ground and author.
public struct SupplementRequest: Sendable, Hashable, Codable {
    /// All defects.
    public var items: [SupplementItem]
    /// Legal ground.
    public var ground: String
    /// Before intake, or during appraisal (the clock pauses).
    public var beforeIntake: Bool
    /// Until when the citizen may answer.
    public var answerBy: Instant
    /// Why something that was there the first time is asked only now; needed from the second request on.
    public var justification: String?

    /// Describes a request.
    public init(
        items: [SupplementItem], ground: String, beforeIntake: Bool, answerBy: Instant, justification: String? = nil
    ) {
        self.items = items
        self.ground = ground
        self.beforeIntake = beforeIntake
        self.answerBy = answerBy
        self.justification = justification
    }
}

/// A request with its time and its answer.
public struct Supplement: Sendable, Hashable, Codable {
    /// The request.
    public var request: SupplementRequest
    /// When it was asked.
    public var requestedAt: Instant
    /// When it was answered; nil while open.
    public var answeredAt: Instant?

    /// Describes a supplement.
    public init(request: SupplementRequest, requestedAt: Instant, answeredAt: Instant? = nil) {
        self.request = request
        self.requestedAt = requestedAt
        self.answeredAt = answeredAt
    }
}

/// What the citizen sends after slip 02.
public struct SupplementAnswer: Sendable, Hashable, Codable {
    /// Changed answers by question id.
    public var answers: [String: String]
    /// New files; they replace the earlier ones of the same paper.
    public var attachments: [Attachment]
    /// The due moment after the pause; nil when no clock was paused.
    public var newDueAt: Instant?
    /// A free note, at most 1000 characters.
    public var note: String?

    /// Describes an answer.
    public init(answers: [String: String], attachments: [Attachment], newDueAt: Instant?, note: String? = nil) {
        self.answers = answers
        self.attachments = attachments
        self.newDueAt = newDueAt
        self.note = note
    }
}

/// Why a dossier ended without a result: never without a reason.
public struct Closure: Sendable, Hashable, Codable {
    /// All reasons.
    public var reasons: [String]
    /// Legal ground.
    public var ground: String?

    /// Describes an end.
    public init(reasons: [String], ground: String?) {
        self.reasons = reasons
        self.ground = ground
    }
}

/// A line of slip 06: from whom to whom.
public struct HandOver: Sendable, Hashable, Codable {
    /// The receiving officer.
    public var to: OfficerID
    /// A note for the receiver.
    public var note: String?

    /// Describes a hand-over.
    public init(to: OfficerID, note: String?) {
        self.to = to
        self.note = note
    }
}

/// Slip 04: reason, apology and the new moment.
public struct Extension: Sendable, Hashable, Codable {
    /// Why it is late.
    public var reason: String
    /// The new due moment.
    public var newDueAt: Instant

    /// Describes an extension.
    public init(reason: String, newDueAt: Instant) {
        self.reason = reason
        self.newDueAt = newDueAt
    }
}

/// Who has the dossier now.
public struct Holder: Sendable, Hashable, Codable {
    /// Places a dossier can lie.
    public enum Place: Sendable, Hashable, Codable {
        /// At the one-stop desk of the receiving agency.
        case desk
        /// With this professional officer.
        case officer(OfficerID)
        /// With the leaders.
        case leader
        /// With the clerk.
        case clerk
        /// With the citizen.
        case citizen
        /// Nobody: it has ended.
        case nobody
    }
    /// Where.
    public var place: Place
    /// Since when.
    public var since: Instant

    /// Names a holder.
    public init(place: Place, since: Instant) {
        self.place = place
        self.since = since
    }
}

/// An order for the fee lines at the payment gateway.
public struct PaymentOrder: Sendable, Hashable, Codable {
    /// Unique reference (vnp_TxnRef): dossier code, full stop, attempt.
    public var reference: String
    /// What must be paid.
    public var amount: Money
    /// When the order was made.
    public var createdAt: Instant
    /// Until when it can be paid.
    public var expiresAt: Instant

    /// Describes an order.
    public init(reference: String, amount: Money, createdAt: Instant, expiresAt: Instant) {
        self.reference = reference
        self.amount = amount
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// The gateway's word on an order.
public struct PaymentSettlement: Sendable, Hashable, Codable {
    /// The order.
    public var reference: String
    /// paid, failed, reconcile or refunded.
    public var outcome: FinanceState
    /// What moved.
    public var amount: Money
    /// The gateway's transaction number.
    public var transaction: String?
    /// The gateway's codes, as received.
    public var codes: String

    /// Describes a settlement.
    public init(reference: String, outcome: FinanceState, amount: Money, transaction: String?, codes: String) {
        self.reference = reference
        self.outcome = outcome
        self.amount = amount
        self.transaction = transaction
        self.codes = codes
    }
}

/// The citizen's wish to withdraw.
public struct WithdrawalRequest: Sendable, Hashable, Codable {
    /// Why; may be empty.
    public var reason: String

    /// Gives the reason.
    public init(reason: String) {
        self.reason = reason
    }
}
