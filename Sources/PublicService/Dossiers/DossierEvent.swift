/// What happened to a dossier: the only truth that is stored. Past tense; payloads are values.
/// Encoded as `{"kind": "...", "data": {...}}` so that a reader in ten years needs no Swift.
public enum DossierEvent: Sendable, Hashable {
    /// A person (or an officer for one) handed it in. `code` was given in the same transaction.
    case submitted(SubmissionRecord)
    /// The desk took it in: slip 01.
    case accepted(Acceptance)
    /// Slip 02, before intake (`beforeIntake`) or during appraisal; the clock pauses in the latter case.
    case supplementRequested(SupplementRequest)
    /// The citizen answered; `newDueAt` when a clock was paused.
    case supplementSubmitted(SupplementAnswer)
    /// Slip 03.
    case refused(Closure)
    /// Handed to a professional officer: a line of slip 06.
    case handedOver(HandOver)
    /// The professional officer proposes a result for signature.
    case resultProposed(ResultDraft)
    /// The leader sends it back with a reason.
    case resultSentBack(SendingBack)
    /// The leader signed the content with this digest.
    case resultSigned(ResultSignature)
    /// The clerk gave number and date.
    case resultIssued(ResultIssue)
    /// Handed over, downloaded or posted.
    case resultReturned(ResultReturn)
    /// Slip 04: apology, reason, new due moment.
    case extended(Extension)
    /// The citizen asks to withdraw.
    case withdrawalRequested(WithdrawalRequest)
    /// Agreed (or withdrawn before intake, where nobody need agree).
    case withdrawn(Closure)
    /// Slip 05.
    case stopped(Closure)
    /// An order was made for the fee lines; another attempt makes another order.
    case paymentRequested(PaymentOrder)
    /// The gateway's signed call, or its answer to our question, settled an order.
    case paymentSettled(PaymentSettlement)
}

/// Who did something.
public enum Actor: Sendable, Hashable, Codable {
    /// The applicant, or who holds the lookup key.
    case citizen
    /// An officer in a role.
    case officer(OfficerID, Role)
    /// A partner system by its name.
    case partner(String)
    /// The payment gateway.
    case gateway
    /// The program itself (clocks).
    case system
}

/// Roles (process table §1.3). One person may hold several.
public enum Role: String, Codable, Sendable, CaseIterable {
    /// Can bo tiep nhan: intake, slips, return of results.
    case intake
    /// Cong chuc chuyen mon: appraises and drafts.
    case professional
    /// Lanh dao: signs.
    case leader
    /// Van thu: number, seal, issue.
    case clerk
    /// Ke toan, thu quy.
    case cashier
    /// Reads all.
    case inspector
    /// Catalogue and accounts; no power to decide dossiers.
    case administrator
}

/// An event with its place in the dossier's history.
public struct RecordedEvent: Sendable, Hashable, Codable {
    /// The dossier.
    public var dossier: DossierID
    /// 1, 2, 3 … within the dossier.
    public var number: Int
    /// When.
    public var at: Instant
    /// Who.
    public var actor: Actor
    /// What.
    public var event: DossierEvent

    /// Records an event.
    public init(dossier: DossierID, number: Int, at: Instant, actor: Actor, event: DossierEvent) {
        self.dossier = dossier
        self.number = number
        self.at = at
        self.actor = actor
        self.event = event
    }
}
