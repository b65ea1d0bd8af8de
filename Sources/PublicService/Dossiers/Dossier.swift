/// A dossier (ho so) as its events tell it: the fold of `DossierEvent`s, never stored as truth.
public struct Dossier: Sendable, Hashable, Codable {
    /// Inner identity.
    public let id: DossierID
    /// Public code.
    public let code: DossierCode
    /// What was submitted first, unchanged.
    public let submission: Submission
    /// When it was submitted.
    public let submittedAt: Instant
    /// Number of events folded: the next event's number, and the version that forms carry (optimistic concurrency).
    public internal(set) var version: Int
    /// Where the work stands.
    public internal(set) var state: BusinessState
    /// Where the money stands.
    public internal(set) var finance: FinanceState
    /// Where the result is on its way to the person.
    public internal(set) var delivery: DeliveryState
    /// Whether the national portal knows (projection at the edge; `notNeeded` until a channel needs it).
    public internal(set) var sync: SyncState
    /// Answers now in force: the submission's, changed by supplements.
    public internal(set) var answers: [String: String]
    /// Files now in force, by paper.
    public internal(set) var attachments: [Attachment]
    /// Acceptance at the desk, with the appointment.
    public internal(set) var acceptance: Acceptance?
    /// When a decision of the desk was due for an online dossier (8 working hours), from the submission.
    public internal(set) var intakeDueAt: Instant
    /// The due moment now in force (after pauses and extensions); nil until accepted.
    public internal(set) var dueAt: Instant?
    /// Who has it now, and since when.
    public internal(set) var holder: Holder
    /// The professional officer to whom it was handed over, kept while it lies elsewhere.
    public internal(set) var assignee: OfficerID?
    /// How often the due moment was moved by an extension.
    public internal(set) var extensions: Int
    /// Every supplement request in order; the last may be open.
    public internal(set) var supplements: [Supplement]
    /// The drafted, signed, issued result.
    public internal(set) var result: DossierResult?
    /// Why it was refused, stopped or withdrawn.
    public internal(set) var closure: Closure?
    /// The person's wish to withdraw, until decided.
    public internal(set) var withdrawalRequest: String?
    /// The payment order in force, if anything is to be paid.
    public internal(set) var payment: PaymentOrder?
}

/// Business axis (process table §1.2).
public enum BusinessState: String, Codable, Sendable, CaseIterable {
    /// Submitted, waits for the one-stop desk.
    case awaitingIntake
    /// The desk asked for more before taking it in.
    case awaitingSupplementBeforeIntake
    /// Refused at intake.
    case refused
    /// Taken in, not yet handed over.
    case accepted
    /// With the professional officer.
    case processing
    /// The clock pauses until the citizen supplements.
    case awaitingSupplement
    /// Proposed to the leader for signature.
    case awaitingSignature
    /// Signed, waits for number and seal.
    case awaitingIssue
    /// Result ready.
    case resultReady
    /// Result handed over.
    case resultReturned
    /// Withdrawn by the citizen.
    case withdrawn
    /// Stopped by a competent person.
    case stopped
}

/// Finance axis.
public enum FinanceState: String, Codable, Sendable, CaseIterable {
    /// Nothing to pay.
    case notDue
    /// To be paid, nothing settled.
    case pending
    /// The last attempt failed or was cancelled; can be tried again.
    case failed
    /// Settled.
    case paid
    /// Money moved but the gateway does not call it a success, or it settled twice: people must look.
    case reconcile
    /// Paid back.
    case refunded
}

/// Delivery axis.
public enum DeliveryState: String, Codable, Sendable, CaseIterable {
    /// No result yet.
    case none
    /// Can be fetched or downloaded.
    case ready
    /// Given to public post.
    case posted
    /// With the person.
    case delivered
}

/// Sync axis, for channels that other systems also keep.
public enum SyncState: String, Codable, Sendable, CaseIterable {
    /// This system is the only one that knows the dossier.
    case notNeeded
    /// To be told.
    case pending
    /// Told.
    case done
}
